"""ffmpeg's command line for files that nobody vouches for, and running it in the sandbox.

A playlist or a list of files inside a "video" would have it read and fetch what others name: so there are no
protocols but the one for descriptors that are open, and no demuxers but those of plain containers. Nothing is left to
its guess: hls, concat, dash, image2 and their like are not on the list. See ffmpeg-formats(1) and ffmpeg-protocols(1).
"""

from collections.abc import Sequence

import imageio_ffmpeg

from processors.limits import MAX_VIDEO_PIXELS
from processors.sandbox.beside import Beside
from processors.sandbox.bounds import Bounds
from processors.sandbox.executing import SOURCE, Output, execute
from processors.sandbox.hearing import Hearing
from processors.sandbox.layers import Protection
from processors.sandbox.streams import Source
from processors.video.containers import DEMUXERS

PROTOCOLS = "fd"

COMMON = ("-hide_banner", "-nostdin", "-nostats", "-loglevel", "info")
INPUT = ("-protocol_whitelist", PROTOCOLS, "-format_whitelist", DEMUXERS, "-max_pixels", str(MAX_VIDEO_PIXELS))


async def ffmpeg(
    source: Source,
    output: Sequence[str],
    protection: Protection,
    bounds: Bounds,
    before: Sequence[str] = (),
    target: int | None = None,
    hearing: Hearing | None = None,
    beside: Beside | None = None,
) -> Output:
    """Run it on `source` with the words `before` its input and those of `output` behind. Raises as `execute` does.

    beside: a second input, with the same words before it.
    """
    progress = () if hearing is None else ("-stats_period", "1", "-progress", f"pipe:{hearing.number}")
    second = () if beside is None else (*INPUT, *before, "-fd", str(beside.number), "-i", SOURCE)
    words = [*COMMON, *progress, *INPUT, *before, "-i", SOURCE, *second, *output]
    return await execute(imageio_ffmpeg.get_ffmpeg_exe(), words, source, protection, bounds, target, hearing, beside)
