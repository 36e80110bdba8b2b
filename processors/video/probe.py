"""What a video file says of itself: refused by its header before it costs anything."""

from processors.sandbox.bounds import Bounds
from processors.sandbox.layers import Protection
from processors.sandbox.streams import Source
from processors.video.facts import VideoFacts
from processors.video.orders import Facts
from processors.video.viewing import ask

PROBE = Bounds(seconds=10.0, cores=2)


async def probe(source: Source, protection: Protection) -> VideoFacts:
    """Read the header of `source`, and decode one picture, for what only a picture tells.

    Raises Refused: not_a_video, damaged, too_many_streams, too_many_pixels, too_long, too_much_memory; SandboxDied, and
    as `execute` does.
    """
    facts, _ = await ask("facts", Facts(), VideoFacts, source, protection, PROBE)
    return facts
