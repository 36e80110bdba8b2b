"""An inventory of a video: all streams, chapters and tags of its header, and of one picture what only that tells."""

import hashlib
import struct
from collections.abc import Callable
from typing import IO, Any

import av
import msgspec
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from processors.limits import MAX_SECONDS
from processors.refusals import Code, Refused
from processors.video.keeping.inventory import (
    MAX_LETTERS,
    Chapter,
    Inventory,
    Kind,
    Light,
    Mastering,
    Pictures,
    Stream,
)
from processors.video.keeping.questions import Behind, Covers, List
from processors.video.view.describe import first, variable
from processors.video.view.open import ATTACHED, late, opened
from processors.video.view.sampled import First, sampled
from processors.video.view.sides import captions, dolby, dynamic, sides
from processors.video.view.told import tagged, told
from processors.video.view.turn import turn_of

# They tell of the container that a file is in, not of what it holds.
OF_CONTAINERS = {"major_brand", "minor_version", "compatible_brands", "encoder", "duration"}
DOLBY_TAGS = ("dvh1", "dvhe", "dva1", "dvav", "dav1")
SIGNATURE_BYTES = 64
# AVDISCARD_ALL: what ffmpeg's mov.c sets for the track that `tref` names as that of the chapters, and for no other.
NEVER_READ = 48
AROUND = ("SPHERICAL", "STEREO3D")
MAX_COVER_BYTES = 32 << 20


def inventory(file: IO[bytes], order: List, tell: Callable[[float], None]) -> tuple[Behind, list[bytes]]:
    """The inventory as JSON, which follows the answer. Raises Refused as `describe` does."""
    signature = file.read(SIGNATURE_BYTES)
    said_so = told(file, signature)
    file.seek(0)
    container, stream = opened(file)
    try:
        attached = _covers(container, [one for one in container.streams if _kind(one) is Kind.PICTURE])
        frame = first(container, stream)
        picture = First(frame, stream.codec_context.sample_aspect_ratio)
        found = Inventory(
            container=_container(container, signature),
            size=container.size,
            start=(container.start_time or 0) / av.time_base,
            seconds=container.duration / av.time_base if container.duration and container.duration > 0 else None,
            pictures=_pictures(stream, picture.frame),
            streams=tagged([_stream(one, attached) for one in container.streams], _numbers(container), said_so),
            chapters=tuple(_chapter(one) for one in container.chapters()),
            tags={
                name.lower()[:60]: value[:MAX_LETTERS]
                for name, value in container.metadata.items()
                if name.lower() not in OF_CONTAINERS
            },
            unkept=said_so.chapters,
        )
        found = sampled(container, stream, picture, found)
        pictures = msgspec.structs.replace(found.pictures, cropped=said_so.cropped)
        found = msgspec.structs.replace(found, pictures=pictures)
        said = msgspec.json.encode(found)
        msgspec.json.decode(said, type=Inventory)
    except (msgspec.ValidationError, FFmpegError, ValueError) as error:
        raise Refused(Code.DAMAGED, "The video is damaged: what its header says can't be true.") from error
    return Behind(len(said)), [said]


def covers(file: IO[bytes], order: Covers, tell: Callable[[float], None]) -> tuple[Behind, list[bytes]]:
    """The bytes of the attached pictures in `order`, one after the other. Raises Refused."""
    container, _ = opened(file)
    found = _covers(container, [one for one in container.streams if one.index in order.indexes])
    parts = [found.get(index, b"") for index in order.indexes]
    if sum(map(len, parts)) > MAX_COVER_BYTES:
        raise Refused(Code.TOO_MUCH_METADATA, "The covers of the video are too large.")
    return Behind(sum(map(len, parts)), [len(part) for part in parts]), parts


def _covers(container: InputContainer, streams: list[Any]) -> dict[int, bytes]:
    """The bytes of attached pictures, by index: they come before all others. Leaves the container at its beginning."""
    found: dict[int, bytes] = {}
    if streams:
        try:
            for packet in container.demux(streams):
                if packet.size:
                    found.setdefault(packet.stream_index, bytes(packet))
                if len(found) == len(streams):
                    break
        except IndexError:
            raise late() from None
        container.seek(0)
    return found


def _container(container: InputContainer, signature: bytes) -> str:
    name = container.format.name.split(",")[0]
    return "webm" if name == "matroska" and b"webm" in signature else name


def _stream(one: Any, covers: dict[int, bytes]) -> Stream:
    context, kind = one.codec_context, _kind(one)
    base = one.time_base or 0
    about = {name.lower(): value[:MAX_LETTERS] for name, value in one.metadata.items()}
    language = about.get("language", "")[:60]
    sound = {}
    if kind is Kind.AUDIO and context is not None:
        sound = {"channels": context.channels, "layout": context.layout.name[:60], "rate": context.sample_rate}
    length = float(one.duration * base) if one.duration and one.duration > 0 else None
    return Stream(
        index=one.index,
        kind=kind,
        codec=_codec(one),
        profile=(one.profile or "")[:60] if context is not None else "",
        language="" if language == "und" else language,
        title=about.get("title", ""),
        dispositions=tuple(flag.name for flag in Disposition if flag.name and flag in one.disposition),
        start=float(one.start_time * base) if one.start_time is not None else None,
        of_chapters=kind is Kind.DATA and int(one.discard) == NEVER_READ,
        seconds=length if length is not None and length <= MAX_SECONDS else None,
        **sound,
        **_attached(one, kind, about, covers),
    )


def _numbers(container: InputContainer) -> dict[int, int]:
    """Of MP4's tracks, by the index of their streams."""
    return {one.index: int(getattr(one, "id", 0)) for one in container.streams}


def _kind(one: Any) -> Kind:
    if int(one.disposition) & ATTACHED:
        return Kind.PICTURE
    return Kind(one.type) if one.type in set(Kind) else Kind.DATA


def _codec(one: Any) -> str:
    if one.codec_context is not None:
        return str(one.codec_context.codec.canonical_name)[:60]
    return str(getattr(one, "name", None) or "none")[:60] if one.type == "data" else "none"


def _attached(one: Any, kind: Kind, about: dict[str, str], covers: dict[int, bytes]) -> dict[str, Any]:
    if kind is Kind.ATTACHMENT:
        data = bytes(one.data)
    elif kind is Kind.PICTURE:
        data = covers.get(one.index, b"")
    else:
        return {}
    digest = hashlib.sha256(data).hexdigest()
    return {
        "name": about.get("filename", ""),
        "mime": about.get("mimetype", ""),
        "size": len(data),
        "sha256": digest,
    }


def _chapter(one: Any) -> Chapter:
    base = float(one["time_base"])
    return Chapter(one["start"] * base, one["end"] * base, one["metadata"].get("title", "")[:MAX_LETTERS])


def _pictures(stream: VideoStream, frame: VideoFrame) -> Pictures:
    context, turn = stream.codec_context, turn_of(frame)
    aspect = stream.sample_aspect_ratio
    # Of mixed material the first picture may be whole: what the header says of the order of fields counts as well.
    interlaced = bool(frame.interlaced_frame) or str(getattr(context, "field_order", "")) in ("tt", "bb", "tb", "bt")
    return Pictures(
        index=stream.index,
        width=context.width,
        height=context.height,
        format=(context.pix_fmt or frame.format.name)[:60],
        aspect=(aspect.numerator, aspect.denominator) if aspect else (0, 1),
        turn=(turn.a, turn.b, turn.c, turn.d),
        rate=float(stream.base_rate or 0),
        variable=variable(stream, interlaced),
        interlaced=interlaced,
        captions=captions(frame),
        alpha=stream.metadata.get("alpha_mode", stream.metadata.get("ALPHA_MODE")) == "1",
        around={name: data.hex()[:MAX_LETTERS] for name, data in sides(frame).items() if name in AROUND},
        light=_light(stream, frame),
    )


def _light(stream: VideoStream, frame: VideoFrame) -> Light:
    found = sides(frame)
    context = stream.codec_context
    return Light(
        transfer=int(frame.color_trc),
        primaries=int(frame.color_primaries),
        matrix=int(frame.colorspace),
        full=int(frame.color_range) == 2 or frame.format.name.startswith("yuvj"),
        bits=max((one.bits for one in frame.format.components), default=8),
        mastering=_mastering(found.get("MASTERING_DISPLAY_METADATA", b"")),
        content=_content(found.get("CONTENT_LIGHT_LEVEL", b"")),
        dolby=dolby(frame) or context.codec_tag in DOLBY_TAGS,
        dynamic=dynamic(frame),
    )


def _mastering(data: bytes) -> Mastering | None:
    """`AVMasteringDisplayMetadata`, of ffmpeg's mastering_display_metadata.h: ten fractions, then what is there."""
    if len(data) < 88:
        return None
    numbers = struct.unpack_from("<20i2i", data)
    parts = [
        round(over / under, 5) if under else 0.0 for over, under in zip(numbers[:20:2], numbers[1:20:2], strict=True)
    ]
    return Mastering(tuple(parts[:8]) if numbers[20] else (), tuple(parts[8:]) if numbers[21] else ())


def _content(data: bytes) -> tuple[int, int] | None:
    if len(data) < 8:
        return None
    most, average = struct.unpack_from("<2I", data)
    return (most, average)
