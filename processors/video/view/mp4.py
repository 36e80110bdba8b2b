"""What an MP4 or MOV file says of itself that PyAV does not tell: cropping, and languages by their BCP 47 tags.

Boxes are those of ISO/IEC 14496-12: `elng` (section 8.4.6), `clap` (12.1.4).
"""

import struct
from collections.abc import Iterator
from typing import IO

# What a file may begin with.
FIRST = {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot", b"uuid"}
# Boxes of one parent: what has more of them is left to others.
MOST = 1_000
# Of a sample entry of pictures: its header and what comes before its boxes; where its width and height are.
ENTRY_BYTES, SIDES_AT = 86, 32
# A box with a version, and `stsd` with the number of its entries.
VERSION_BYTES, COUNTED_BYTES = 4, 8
TAG_BYTES = 60
Span = tuple[int, int]


def cropped(file: IO[bytes]) -> bool:
    """Whether less of the pictures of a track is shown than there is."""
    return any(
        _crops(_read(file, at - 8, at - 8 + ENTRY_BYTES), _read(file, *clap))
        for track in _tracks(file)
        for table in _inside(file, *track, b"mdia", b"minf", b"stbl", b"stsd")
        for name, at, end in _boxes(file, table[0] + COUNTED_BYTES, table[1])
        for clap in _inside(file, at - 8 + ENTRY_BYTES, end, b"clap")
    )


def _crops(entry: bytes, clap: bytes) -> bool:
    """clap: width, height, and how far the middle is from that of the pictures, each a fraction."""
    if len(clap) < 32 or len(entry) < ENTRY_BYTES:
        return False
    width, height = struct.unpack_from(">2H", entry, SIDES_AT)
    wide, of_wide, high, of_high, right, _, down, _ = struct.unpack_from(">8I", clap)
    whole = (wide, high) == (width * of_wide, height * of_high)
    return not whole or bool(right or down)


def tags(file: IO[bytes]) -> dict[int, str]:
    """The languages that tracks have a tag of, by their numbers (`track_ID`)."""
    found = {}
    for track in _tracks(file):
        for header in _inside(file, *track, b"tkhd"):
            for place in _inside(file, *track, b"mdia", b"elng"):
                said = _read(file, place[0] + VERSION_BYTES, place[1])[:TAG_BYTES]
                found[_number(_read(file, *header))] = said.split(b"\0")[0].decode(errors="replace")
    return found


def _number(header: bytes) -> int:
    """Of a track: behind two times, of four bytes each, or of eight."""
    at = VERSION_BYTES + (16 if header[:1] == b"\1" else 8)
    return int.from_bytes(header[at : at + 4], "big")


def _tracks(file: IO[bytes]) -> Iterator[Span]:
    return _inside(file, 0, file.seek(0, 2), b"moov", b"trak")


def _inside(file: IO[bytes], begin: int, end: int, *names: bytes) -> Iterator[Span]:
    """Where what is in the boxes on this way down begins and ends."""
    for name, at, until in _boxes(file, begin, end):
        if name == names[0]:
            if len(names) == 1:
                yield at, until
            else:
                yield from _inside(file, at, until, *names[1:])


def _boxes(file: IO[bytes], begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Each box between the two: its name, where what is in it begins, and where it ends."""
    for _ in range(MOST):
        if begin >= end:  # as a size may say that no file can have
            return
        head = _read(file, begin, min(end, begin + 16))
        if len(head) < 8:
            return
        size, name, length = int.from_bytes(head[:4], "big"), head[4:8], 8
        if size == 1:
            size, length = int.from_bytes(head[8:16], "big"), 16
        until = end if size == 0 else begin + size
        if until < begin + length:
            return
        yield name, begin + length, min(until, end)
        begin = until


def _read(file: IO[bytes], begin: int, end: int) -> bytes:
    """At most as much as any of these may be."""
    file.seek(begin)
    return file.read(max(0, min(end - begin, 4_096)))
