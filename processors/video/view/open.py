"""Opening an untrusted video with PyAV: plain containers only, and the limits before a frame is decoded."""

from typing import IO

import av
import av.audio.codeccontext
import av.subtitles.codeccontext  # PyAV would load it at the first file with subtitles, when no path can be opened
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from processors.limits import MAX_SECONDS, MAX_STREAMS, MAX_VIDEO_PIXELS
from processors.refusals import Code, Refused
from processors.video.containers import DEMUXERS

# Whatever else a file refers to is not fetched: no protocol is left but our own reading.
OPTIONS = {"format_whitelist": DEMUXERS, "protocol_whitelist": "none"}
READ_BYTES = 1 << 17
ATTACHED = 0x0400  # AV_DISPOSITION_ATTACHED_PIC: a cover


def opened(file: IO[bytes]) -> tuple[InputContainer, VideoStream]:
    """The container and its first video stream, within the limits.

    Raises Refused: not_a_video, too_many_streams, too_many_pixels, too_long.
    """
    try:
        container = av.open(file, "r", options=OPTIONS, buffer_size=READ_BYTES, metadata_errors="replace")
    except (FFmpegError, ValueError, OSError) as error:
        raise Refused(Code.NOT_A_VIDEO, "This is not a video that can be read.") from error
    if len(container.streams) > MAX_STREAMS:
        words = f"The video has {len(container.streams)} streams; at most {MAX_STREAMS} are allowed."
        raise Refused(Code.TOO_MANY_STREAMS, words)
    pictures = [one for one in container.streams.video if not int(one.disposition) & ATTACHED]
    if not pictures:
        raise Refused(Code.NOT_A_VIDEO, "This file holds no moving pictures.")
    stream = pictures[0]
    context = stream.codec_context
    if context is None or context.width * context.height == 0:
        raise Refused(Code.NOT_A_VIDEO, "The pictures of the video are of a kind that can't be read.")
    if any(one.codec_context and one.width * one.height > MAX_VIDEO_PIXELS for one in pictures):
        raise Refused(Code.TOO_MANY_PIXELS, "The pictures of the video are too large.")
    # What a header does not say, a picture further on might.
    context.options = {"max_pixels": str(MAX_VIDEO_PIXELS)}
    length = seconds(container, stream)
    if length is not None and length > MAX_SECONDS:
        raise too_long()
    return container, stream


def late() -> Refused:
    """For a video with a stream that turns up when it is too late: nothing is known of it."""
    return Refused(Code.DAMAGED, "The video has a stream that begins too far behind the others to be found.")


def too_long() -> Refused:
    """For a video that is longer than any may be."""
    return Refused(Code.TOO_LONG, f"The video lasts over {MAX_SECONDS // 3600} hours, which is too long.")


def seconds(container: InputContainer, stream: VideoStream) -> float | None:
    """How long it lasts, as the container says, else the stream; None where neither does."""
    if container.duration is not None and container.duration > 0:
        return container.duration / av.time_base
    if stream.duration is not None and stream.duration > 0 and stream.time_base:
        return float(stream.duration * stream.time_base)
    return None
