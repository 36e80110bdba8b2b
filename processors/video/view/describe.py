"""Describing a video: its header, and of one picture what only a picture tells."""

from collections.abc import Callable
from fractions import Fraction
from typing import IO

import av
import msgspec
from av.container import InputContainer
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from processors.refusals import Code, Refused
from processors.video.facts import MAX_FPS, Sound, Transfer, VideoFacts
from processors.video.orders import Facts
from processors.video.view.length import length
from processors.video.view.open import late, opened, seconds
from processors.video.view.turn import UPRIGHT, Turn, turn_of

FIRST_PACKETS = 250
# ITU-T H.273: transfer characteristics and colour primaries by number.
TRANSFERS = {16: Transfer.PQ, 18: Transfer.HLG}
BT2020 = 9


def describe(file: IO[bytes], order: Facts, tell: Callable[[float], None]) -> tuple[VideoFacts, list[bytes]]:
    """The facts of the video in `file`, which are found too soon to tell anybody how far they are.

    Raises Refused: damaged when no picture can be decoded or its header makes no sense, and as `opened` and `length`.
    """
    container, stream = opened(file)
    frame = first(container, stream)
    turn = turn_of(frame)
    context = stream.codec_context
    width, height = shown(context.width, context.height, stream.sample_aspect_ratio, turn)
    fps, base = _rate(stream.average_rate), _rate(stream.base_rate)
    lasts = length(container, seconds(container, stream), order.patience)
    bit_rate = round(container.size * 8 / lasts) if lasts else 0
    interlaced = bool(frame.interlaced_frame)
    facts = VideoFacts(
        container=container.format.name,
        size=container.size,
        streams=len(container.streams),
        seconds=lasts,
        bit_rate=bit_rate or None,
        codec=context.codec.canonical_name,
        pixels=context.pix_fmt or frame.format.name,
        bits=max((one.bits for one in frame.format.components), default=8),
        width=context.width,
        height=context.height,
        shown_width=width,
        shown_height=height,
        rotation=turn.degrees,
        mirrored=turn.mirrored,
        fps=fps,
        base_fps=base,
        variable=variable(stream, interlaced),
        interlaced=interlaced,
        transfer=TRANSFERS.get(int(frame.color_trc), Transfer.SDR),
        wide=int(frame.color_primaries) == BT2020,
        sound=_sound(container),
    )
    _must_make_sense(facts)
    return facts, []


def _must_make_sense(facts: VideoFacts) -> None:
    """Raises Refused where they are beyond all bounds: outside that would be taken for a fault of the viewer's."""
    try:
        msgspec.json.decode(msgspec.json.encode(facts), type=VideoFacts)
    except msgspec.ValidationError as error:
        raise Refused(Code.DAMAGED, "The video is damaged: what its header says can't be true.") from error


def first(container: InputContainer, stream: VideoStream) -> VideoFrame:
    """The first picture that can be decoded. Raises Refused: damaged."""
    try:
        for number, packet in enumerate(container.demux(stream)):
            try:
                for frame in packet.decode():
                    return frame
            except av.error.InvalidDataError:
                continue
            if number > FIRST_PACKETS:
                break
    except IndexError:  # PyAV's, of a stream that begins later
        raise late() from None
    except (FFmpegError, MemoryError, OSError):
        pass
    raise Refused(Code.DAMAGED, "The video is damaged: no picture of it can be decoded.")


def shown(width: int, height: int, aspect: Fraction | None, turn: Turn = UPRIGHT) -> tuple[int, int]:
    """The size of a coded picture as it is displayed: pixels made square by widening, never shrunk, and turned."""
    ratio = float(aspect) if aspect and 0.1 < aspect < 10 else 1.0
    width, height = (round(width * ratio), height) if ratio >= 1 else (width, round(height / ratio))
    return (height, width) if turn.transposed else (width, height)


def variable(stream: VideoStream, interlaced: bool) -> bool:
    """Whether its pictures do not come at equal distances, as far as its header says."""
    return _variable(_rate(stream.average_rate), _rate(stream.base_rate), interlaced)


def _rate(rate: Fraction | None) -> float | None:
    return float(rate) if rate and 0 < rate <= MAX_FPS else None


def _variable(fps: float | None, base: float | None, interlaced: bool) -> bool:
    if fps is None or base is None:
        return True
    return abs(fps / base - 1) > 0.01 and not (interlaced and abs(2 * fps / base - 1) < 0.01)


def _sound(container: InputContainer) -> Sound | None:
    for one in container.streams.audio:
        if one.codec_context is not None and one.codec_context.sample_rate:
            return Sound(one.codec_context.codec.canonical_name, one.channels, one.codec_context.sample_rate)
    return None
