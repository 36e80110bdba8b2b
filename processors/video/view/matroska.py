"""What a Matroska file says of itself that PyAV does not tell: cropping, by its elements (RFC 8794, RFC 9559)."""

from collections.abc import Iterator
from typing import IO

SEGMENT, CLUSTER, TRACKS, ENTRY, VIDEO = 0x18538067, 0x1F43B675, 0x1654AE6B, 0xAE, 0xE0
CROPS = {0x54AA, 0x54BB, 0x54CC, 0x54DD}
# Elements of one kind of parent: what has more of them is left to others.
MOST = 1_000


def cropped(file: IO[bytes]) -> bool:
    """Whether a track says that less of its pictures is shown than there is, in what lies before them."""
    return any(
        int.from_bytes(_read(file, at, min(8, end - at)), "big")
        for segment in _inside(file, 0, file.seek(0, 2), SEGMENT)
        for tracks in _inside(file, *segment, TRACKS)
        for entry in _inside(file, *tracks, ENTRY)
        for video in _inside(file, *entry, VIDEO)
        for crop in CROPS
        for at, end in _inside(file, *video, crop)
    )


def _inside(file: IO[bytes], begin: int, end: int, wanted: int) -> Iterator[tuple[int, int]]:
    """Where the data of each such element between `begin` and `end` begins and ends."""
    for _ in range(MOST):
        name, size, length = _head(_read(file, begin, 12))
        if not length or begin >= end or name == CLUSTER:
            return
        begin += length
        until = end if size is None else min(end, begin + size)
        if name == wanted:
            yield begin, until
        begin = until


def _head(data: bytes) -> tuple[int, int | None, int]:
    """The name of an element, its size, None for one that is not known, and the length of both; 0 for no element."""
    name = _length(data)
    size = _length(data[name:])
    if not name or not size or len(data) < name + size:
        return 0, 0, 0
    bits = 7 * size
    number = int.from_bytes(data[name : name + size], "big") & ((1 << bits) - 1)
    return int.from_bytes(data[:name], "big"), None if number == (1 << bits) - 1 else number, name + size


def _length(data: bytes) -> int:
    return 9 - data[0].bit_length() if data and data[0] else 0


def _read(file: IO[bytes], at: int, length: int) -> bytes:
    file.seek(at)
    return file.read(length)
