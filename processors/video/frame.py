"""The first frame of a video, as a picture to be developed like any other."""

from processors.refusals import Code, Refused
from processors.sandbox.bounds import Bounds
from processors.sandbox.layers import Protection
from processors.sandbox.streams import Source
from processors.video.ffmpeg import ffmpeg
from processors.video.probe import probe

FRAME = Bounds(seconds=5.0)
FIRST = ("-map", "0:v:0", "-frames:v", "1", "-map_metadata", "-1", "-c:v", "png", "-f", "image2pipe", "pipe:1")


async def first_frame(source: Source, protection: Protection) -> memoryview:
    """A PNG file of the first frame of the video in `source`. Raises Refused: damaged, and as `probe` does."""
    await probe(source, protection)
    made = await ffmpeg(source, FIRST, protection, FRAME)
    if made.status != 0 or not len(made.data):
        raise Refused(Code.DAMAGED, "The video is damaged: no frame of it can be decoded.")
    return made.data
