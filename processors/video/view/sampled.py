"""Looking at keyframes throughout a video: what its first picture says need not hold to its end."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import msgspec
from av.container import InputContainer
from av.error import FFmpegError, InvalidDataError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from processors.video.keeping.inventory import Inventory, Pictures
from processors.video.view.sides import captions, dolby, dynamic

PLACES = 8
# Packets without a keyframe that can be decoded, after which a place is given up.
FORWARD = 300


@dataclass(frozen=True)
class First:
    """The first picture, as it was decoded. aspect: of a sample, as the pictures themselves say."""

    frame: VideoFrame
    aspect: Fraction | None


def sampled(container: InputContainer, stream: VideoStream, first: First, found: Inventory) -> Inventory:
    """The same with what there is at `PLACES` keyframes, as far as they can be found."""
    pictures, lasts, seen = found.pictures, found.seconds or 0.0, set[int]()
    for place in range(PLACES if lasts else 0):
        at = lasts * (place + 0.5) / PLACES + found.start
        with contextlib.suppress(FFmpegError, OSError, IndexError, StopIteration):
            stream.codec_context.flush_buffers()
            container.seek(int(at * av.time_base), backward=True)
            frame = next(_keyframes(container, stream, seen))
            pictures = _with(pictures, frame, _changed(first, First(frame, stream.codec_context.sample_aspect_ratio)))
    return msgspec.structs.replace(found, pictures=pictures)


def _keyframes(container: InputContainer, stream: VideoStream, seen: set[int]) -> Iterator[VideoFrame]:
    """seen: the times of those that were looked at before, which several places of a short video share."""
    context = stream.codec_context
    for number, packet in enumerate(container.demux(stream)):
        if packet.is_keyframe and packet.size:
            if packet.pts in seen:
                return
            if packet.pts is not None:
                seen.add(packet.pts)
            with contextlib.suppress(InvalidDataError):
                # At once, not when the decoder has seen what comes after: nothing does.
                yield from context.decode(packet) or context.decode(None)
            context.flush_buffers()
        if number >= FORWARD:
            return


def _with(pictures: Pictures, one: VideoFrame, changed: str) -> Pictures:
    light = msgspec.structs.replace(
        pictures.light,
        dolby=pictures.light.dolby or dolby(one),
        dynamic=pictures.light.dynamic or dynamic(one),
    )
    return msgspec.structs.replace(
        pictures,
        interlaced=pictures.interlaced or bool(one.interlaced_frame),
        captions=pictures.captions or captions(one),
        changes=pictures.changes or changed,
        light=light,
    )


def _changed(first: First, one: First) -> str:
    """What of it is another."""
    if (first.frame.width, first.frame.height) != (one.frame.width, one.frame.height):
        return "size"
    if first.frame.format.name != one.frame.format.name:
        return "form of samples"
    return "shape of samples" if (first.aspect or 1) != (one.aspect or 1) else ""
