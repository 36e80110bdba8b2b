"""Walking through all packets of a video, none of them decoded: what each stream holds, and when pictures are shown."""

import contextlib
import hashlib
import re
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from typing import IO, Any

import av
import av.logging
from av.error import FFmpegError
from av.packet import Packet

from processors.refusals import Code, Refused
from processors.video.keeping.questions import MAX_PICTURES, Track, Walk, Walked
from processors.video.view.length import PACKETS_AT_ONCE
from processors.video.view.open import late, opened, too_long

# Of subtitles that are text: marks of style in SubRip, WebVTT and ASS.
MARKS = re.compile(rb"<[^>]{0,200}>|\{\\[^}]{0,200}\}")
# Of sound each so many packets are told when they are heard, of subtitles all: enough to see where it was moved.
MARKED = {"audio": 32, "subtitle": 1}
TEXTS = ("subrip", "text", "webvtt", "mov_text")


def walk(file: IO[bytes], order: Walk, tell: Callable[[float], None]) -> tuple[Walked, list[bytes]]:
    """What `order` asks for; the times of the pictures follow. Raises Refused: damaged, too_long."""
    container, stream = opened(file)
    until, size = time.monotonic() + order.patience, max(1, container.size)
    tracks = {one.index: _Track(one, one.index == order.pictures) for one in container.streams}
    hurt = 0
    try:
        with _complaints() as complaints:
            for number, packet in enumerate(container.demux()):
                if packet.size:
                    tracks[packet.stream_index].hear(packet)
                    hurt += packet.is_corrupt
                if number % PACKETS_AT_ONCE == 0:
                    _must_go_on(tracks.values(), until)
                    tell(min(1.0, max(0, packet.pos or 0) / size))
                    hurt += len(complaints)
                    complaints.clear()
            hurt += len(complaints)
    except (IndexError, KeyError):
        raise late() from None
    except (FFmpegError, OSError) as error:
        raise Refused(Code.DAMAGED, "The video is damaged: it can't be read to its end.") from error
    pictures = tracks[order.pictures] if order.pictures in tracks else tracks[stream.index]
    times, before = pictures.shown()
    told = [one.told() for one in tracks.values()]
    return Walked(told, len(times), before, hurt), [times.tobytes(), *(one.marks.tobytes() for one in tracks.values())]


@contextlib.contextmanager
def _complaints() -> Iterator[list[Any]]:
    """What ffmpeg calls an error meanwhile: it passes over what is damaged in a container, and only says so."""
    av.logging.set_level(av.logging.ERROR)
    try:
        with av.logging.Capture() as heard:
            yield heard
    finally:
        av.logging.set_level(None)


def _must_go_on(tracks: "Iterable[_Track]", until: float) -> None:
    """Raises Refused."""
    if any(max(len(one.times), len(one.marks) // 2) > MAX_PICTURES for one in tracks):
        raise too_long()
    if time.monotonic() > until:
        raise Refused(Code.TOO_LONG, "The video takes far longer to read than one of its size may.")


class _Track:
    """What has come by of a stream. every: the time of each packet is kept, and none of its bytes are hashed."""

    def __init__(self, stream: object, every: bool) -> None:
        context = getattr(stream, "codec_context", None)
        self._index: int = getattr(stream, "index", 0)
        self._base: Fraction = getattr(stream, "time_base", None) or Fraction(1, 1000)
        self._codec = context.codec.canonical_name if context is not None else ""
        self._bare = context is not None and not context.extradata
        self._every, self._packets, self._bytes = every, 0, 0
        self._hash, self._text = hashlib.sha256(), hashlib.sha256()
        self._begin: int | None = None
        self._end: int | None = None
        self._key: int | None = None
        self._marked = 0 if every else MARKED.get(getattr(stream, "type", ""), 0)
        self.marks = array("q")
        self.times = array("q")

    def hear(self, packet: Packet) -> None:
        at = packet.dts if packet.pts is None else packet.pts
        if self._every:
            if packet.is_discard:  # outside of what an edit list shows
                return
            if at is not None:
                self.times.append(self._micro(at))
            if packet.is_keyframe and self._key is None and at is not None:
                self._key = self._micro(at)
        elif not self._take(bytes(packet)):
            return
        if at is not None and self._marked and self._packets % self._marked == 0:
            self.marks.extend((self._micro(at), self._micro(packet.duration or 0)))
        self._packets += 1
        if at is not None:
            self._begin = at if self._begin is None else min(self._begin, at)
            end = at + (packet.duration or 0)
            self._end = end if self._end is None else max(self._end, end)

    def _take(self, data: bytes) -> bool:
        """Whether there was anything in it: MP4 tells of silence between subtitles by empty ones."""
        if self._codec == "mov_text":
            data = data[2 : 2 + int.from_bytes(data[:2], "big")]
            if not data:
                return False
        if self._codec == "aac" and self._bare:
            data = _without_header(data)
        self._bytes += len(data)
        self._hash.update(data)
        if self._codec in TEXTS:
            self._text.update(b" ".join(MARKS.sub(b"", data).split()) + b"\n")
        return True

    def _micro(self, at: int) -> int:
        return round(at * self._base * 1_000_000)

    def shown(self) -> "tuple[array[int], int]":
        """The times in the order of showing, and how many of them lie before the first keyframe."""
        times = array("q", sorted(self.times))
        key = self._key
        return times, 0 if key is None else sum(1 for one in times if one < key)

    def told(self) -> Track:
        empty = self._every or not self._packets
        return Track(
            index=self._index,
            packets=self._packets,
            bytes=self._bytes,
            sha256="" if empty else self._hash.hexdigest(),
            marks=len(self.marks),
            text=self._text.hexdigest() if self._codec in TEXTS and not empty else "",
            begin=None if self._begin is None else float(self._begin * self._base),
            end=None if self._end is None else float(self._end * self._base),
        )


def _without_header(data: bytes) -> bytes:
    """A packet of AAC as most containers have it: in MPEG streams each has a header (ISO/IEC 13818-7, ADTS)."""
    if len(data) < 7 or data[0] != 0xFF or data[1] & 0xF0 != 0xF0:
        return data
    return data[7 if data[1] & 1 else 9 :]
