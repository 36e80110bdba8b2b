"""Ordering how a video is made anew: a pure function of what it holds and what is wished, or why it stays as it is."""

import math

from processors.video.codec import Codec
from processors.video.decide import NAMES
from processors.video.facts import Transfer, VideoFacts
from processors.video.keeping.choosing import sound, staying
from processors.video.keeping.holders import FLAGS, TO_SUBRIP, family, in_matroska, own_tags
from processors.video.keeping.inventory import Inventory, Kind, Stream
from processors.video.keeping.languages import says_more
from processors.video.keeping.order import How, Kept, Order, Refusal
from processors.video.keeping.wishes import Wish

FALLBACK_RATE = 30.0


def ordered(inventory: Inventory, facts: VideoFacts, wish: Wish) -> Order | Refusal:
    """What is made of the file, or why nothing is: whatever could not be kept keeps the file as it is."""
    streams, reasons = staying(inventory, wish)
    reason = _against_pictures(inventory, facts, wish)
    if reason:
        return Refusal(reason)
    if inventory.unkept:
        return Refusal(f"its chapters have {inventory.unkept}, which would be lost")
    sounds = {one.index: sound(one, wish.sound)[0] for one in streams if one.kind is Kind.AUDIO}
    container = family(inventory, NAMES[wish.codec], streams, sounds)
    kept = [_kept(one, inventory, wish, container) for one in streams]
    if (reason := _against_streams(kept, container)) is not None:
        return Refusal(reason)
    width, height = _size(inventory, facts, wish)
    pictures = inventory.pictures
    scaled = (width, height) != (pictures.width, pictures.height)
    return Order(
        container=container,
        kept=tuple(_in_order(kept)),
        codec=wish.codec,
        width=width,
        height=height,
        bits=10 if pictures.light.bits > 8 else 8,
        full=pictures.light.full,
        bit_rate=wish.bit_rate,
        deinterlace=pictures.interlaced,
        scaled=scaled,
        hdr=facts.transfer is not Transfer.SDR,
        all_tags=container == "mp4" and own_tags(inventory),
        threads=wish.threads,
        nice=wish.nice,
        rate=facts.fps or facts.base_fps or FALLBACK_RATE,
        seconds=facts.seconds or inventory.seconds or 0.0,
        reasons=(*reasons, *_said(kept, inventory, container, (width, height) if scaled else None)),
    )


def _against_pictures(inventory: Inventory, facts: VideoFacts, wish: Wish) -> str | None:
    """Why its pictures can't be made anew without a loss that nobody has allowed."""
    pictures, light = inventory.pictures, inventory.pictures.light
    chroma = pictures.format.removeprefix("yuvj").removeprefix("yuv")
    against = (
        (light.dolby, "its pictures have Dolby Vision, which would be lost"),
        (light.dynamic, "its HDR changes with each scene (HDR10+), which would be lost"),
        (light.bits > 10, f"its samples have {light.bits} bits, and 10 are the most that can be made"),
        # x264 says so twice, which ffmpeg can't read then; beside the others it is not the same any more.
        ("STEREO3D" in pictures.around, "its pictures are for two eyes, which would be lost"),
        (pictures.captions, "there are captions inside of its pictures, which would be lost"),
        (facts.transfer is not Transfer.SDR and wish.codec is Codec.H264, "players show no HDR in H.264"),
        (pictures.cropped, "its container says that less of its pictures is shown"),
        (pictures.changes, f"the {pictures.changes} of its pictures changes"),
        (pictures.alpha, "its pictures are transparent, which would be lost"),
        (pictures.interlaced and not wish.deinterlace, "it is interlaced, and making it whole is not allowed"),
        (not pictures.format.startswith("yuv") or chroma.startswith("a"), f"its samples are {pictures.format}"),
        (not chroma.startswith("420") and not wish.subsample, "it has more samples of colour than 4:2:0"),
        (pictures.width % 2 or pictures.height % 2, "its sides have an odd number of samples"),
    )
    return next((reason for holds, reason in against if holds), None)


def _kept(one: Stream, inventory: Inventory, wish: Wish, container: str) -> Kept:
    if one.index == inventory.pictures.index:
        return Kept(one, How.PICTURES, NAMES[wish.codec])
    if one.kind is Kind.AUDIO:
        codec, rate = sound(one, wish.sound)
        return Kept(one, How.SOUND if rate else How.COPY, codec, rate)
    if one.kind is Kind.SUBTITLE and container == "matroska" and one.codec in TO_SUBRIP:
        return Kept(one, How.TEXT, "subrip")
    if one.kind is Kind.PICTURE and container == "matroska":
        return Kept(one, How.ATTACHED, one.codec)
    return Kept(one, How.COPY, one.codec)


def _against_streams(kept: list[Kept], container: str) -> str | None:
    for one in kept:
        stream = one.stream
        if container == "matroska" and one.how is not How.PICTURES and not in_matroska(stream, one.codec):
            return f"stream {stream.index} ({stream.kind.value}, {stream.codec}) has no place in a new file"
        if says_more(stream.tag, stream.language):
            kept_so = stream.language or "none"
            return f"stream {stream.index} is in {stream.tag}, and its language would be {kept_so}"
        lost = set(stream.dispositions) - FLAGS[container] - {"attached_pic"}
        if lost:
            return f"stream {stream.index} is marked as {', '.join(sorted(lost))}, which would be lost"
    return None


def _in_order(kept: list[Kept]) -> list[Kept]:
    """Covers last where they become attachments: they come from another input, and Matroska shows attachments last."""
    behind = (Kind.ATTACHMENT, Kind.PICTURE)
    return [one for one in kept if one.stream.kind not in behind] + [one for one in kept if one.stream.kind in behind]


def _size(inventory: Inventory, facts: VideoFacts, wish: Wish) -> tuple[int, int]:
    """As coded: samples keep their shape, so both sides shrink by the same."""
    pictures, lines = inventory.pictures, min(facts.shown_width, facts.shown_height)
    if lines <= wish.most_lines:
        return pictures.width, pictures.height
    share = wish.most_lines / lines
    return _even(pictures.width * share), _even(pictures.height * share)


def _even(side: float) -> int:
    return max(16, 2 * math.floor(side / 2 + 0.5))


def _said(kept: list[Kept], inventory: Inventory, container: str, size: tuple[int, int] | None) -> list[str]:
    pictures = inventory.pictures
    said = [f"made smaller, from {pictures.width} x {pictures.height} to {size[0]} x {size[1]}"] if size else []
    if pictures.interlaced:
        said.append("its fields become whole pictures")
    if not pictures.format.removeprefix("yuvj").removeprefix("yuv").startswith("420"):
        said.append("its samples of colour become fewer: 4:2:0")
    if container == "matroska" and inventory.container not in ("matroska", "webm"):
        said.append(f"it becomes Matroska: {inventory.container} is left, or does not hold all of it")
    elif container == "matroska" and inventory.container == "webm":
        said.append("it becomes Matroska: WebM does not hold all of it")
    for one in kept:
        if one.how is How.SOUND:
            said.append(f"sound {one.stream.index} becomes {one.codec} of {one.bit_rate // 1000} kbit/s")
        if one.how is How.TEXT:
            said.append(f"subtitles {one.stream.index} become SubRip, with the same words")
    return said
