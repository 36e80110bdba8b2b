"""ffmpeg's command line for files that nobody vouches for, and running it in the sandbox.

A playlist or a list of files inside a "video" would have it read and fetch what others name: so there are no
protocols but the two that our own descriptors need, and no demuxers but those of plain containers. Nothing is left to
its guess: hls, concat, dash, image2 and their like are not on the list. See ffmpeg-formats(1) and ffmpeg-protocols(1).
"""

import imageio_ffmpeg

from processors.limits import MAX_VIDEO_PIXELS
from processors.sandbox.executing import SOURCE, Output, execute
from processors.sandbox.layers import Protection

PROTOCOLS = "file,pipe"
DEMUXERS = "mov,matroska,avi,mpegts,mpeg,ogg,flv,asf"
COMMON = ("-hide_banner", "-nostdin", "-loglevel", "info")
INPUT = ("-protocol_whitelist", PROTOCOLS, "-format_whitelist", DEMUXERS, "-max_pixels", str(MAX_VIDEO_PIXELS))


async def ffmpeg(source: bytes | memoryview, output: tuple[str, ...], protection: Protection, seconds: float) -> Output:
    """Run it on `source` with the words of `output` behind the input's. Raises as `execute` does."""
    words = [*COMMON, *INPUT, "-i", SOURCE, *output]
    return await execute(imageio_ffmpeg.get_ffmpeg_exe(), words, source, protection, seconds)
