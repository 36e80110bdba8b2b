"""What a video file says of itself: refused by its header before it costs anything."""

import os
from dataclasses import replace

from processors.sandbox.bounds import Bounds
from processors.sandbox.layers import Protection
from processors.sandbox.streams import Source
from processors.video.facts import VideoFacts
from processors.video.orders import Facts
from processors.video.viewing import ask

PROBE = Bounds(seconds=10.0, cores=2)
# Where a header does not say how long the video is all of it has to be read: so fast at least, whatever the disk does.
READ_BYTES_A_SECOND = 20_000_000


async def probe(source: Source, protection: Protection) -> VideoFacts:
    """Read the header of `source`, decode one picture, for what only a picture tells, and find out where it ends.

    Raises Refused: not_a_video, damaged, too_many_streams, too_many_pixels, too_long, too_much_memory; SandboxDied, and
    as `execute` does.
    """
    reading = reading_seconds(source)
    order, bounds = Facts(Facts().patience + reading), replace(PROBE, seconds=PROBE.seconds + reading)
    facts, _ = await ask("describe", order, VideoFacts, source, protection, bounds)
    return facts


def reading_seconds(source: Source) -> float:
    """The longest that reading all of it may take."""
    size = os.fstat(source).st_size if isinstance(source, int) else len(source)
    return min(size / READ_BYTES_A_SECOND, 3600.0)
