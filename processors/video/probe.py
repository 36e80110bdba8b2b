"""What a video file says of itself: refused by its header before a frame is decoded."""

import re
from dataclasses import dataclass

from processors.limits import MAX_SECONDS, MAX_STREAMS
from processors.refusals import Code, Refused
from processors.sandbox.bounds import Bounds
from processors.sandbox.layers import Protection
from processors.sandbox.streams import Source
from processors.video.ffmpeg import ffmpeg

PROBE = Bounds(seconds=5.0)
# As ffmpeg shows an input. Texts from the file are indented further, each of their lines too.
DURATION = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d\.\d+)", re.MULTILINE)
STREAM = re.compile(r"^  Stream #0:\d+.*?: (Video|Audio|Subtitle|Data|Attachment)\b(.*)$", re.MULTILINE)
# Said of `-max_pixels`, which keeps a decoder from even being opened.
TOO_LARGE = "exceeds specified max pixel count"
SIZE = re.compile(r", (\d{1,6})x(\d{1,6})\b")


@dataclass(frozen=True)
class VideoFacts:
    """Seconds (None: the file does not say), pixels of the largest picture, number of streams of any kind."""

    seconds: float | None
    width: int
    height: int
    streams: int


async def probe(source: Source, protection: Protection) -> VideoFacts:
    """Read the header of `source`.

    Raises Refused: not_a_video, too_much_metadata, too_many_streams, too_many_pixels, too_long; and as `execute` does.
    """
    found = await ffmpeg(source, (), protection, PROBE)
    if found.cut:  # what else it has, streams above all, nobody would know
        raise Refused(Code.TOO_MUCH_METADATA, "The video holds too much text besides its pictures and sound.")
    said = found.said
    streams = STREAM.findall(said)
    if len(streams) > MAX_STREAMS:
        raise Refused(
            Code.TOO_MANY_STREAMS, f"The video has {len(streams)} streams; at most {MAX_STREAMS} are allowed."
        )
    sizes = [(int(w), int(h)) for kind, rest in streams if kind == "Video" for w, h in SIZE.findall(rest)[:1]]
    if TOO_LARGE in said:
        raise Refused(Code.TOO_MANY_PIXELS, "The pictures of the video are too large.")
    if not sizes:
        raise Refused(Code.NOT_A_VIDEO, "This is not a video that can be read.")
    width, height = max(sizes, key=lambda size: size[0] * size[1])
    return VideoFacts(_seconds(said), width, height, len(streams))


def _seconds(said: str) -> float | None:
    found = DURATION.search(said)
    if found is None:
        return None
    seconds = int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])
    if seconds > MAX_SECONDS:
        raise Refused(Code.TOO_LONG, f"The video says it lasts over {MAX_SECONDS // 3600} hours, which is too long.")
    return seconds
