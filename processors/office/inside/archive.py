"""The table of contents of a zip archive, read by ourselves: what it says is checked before anything is unpacked.

See APPNOTE.TXT of PKWARE. Archives of several parts, and tables of more than 4 GB, are not read.
"""

import stat
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from processors.limits import MAX_MEMBERS, MAX_RATIO, MAX_UNPACKED_BYTES, RATIO_FROM_BYTES
from processors.refusals import Code, Refused

END, CENTRAL, LOCAL = b"PK\x05\x06", b"PK\x01\x02", b"PK\x03\x04"
END_FIELDS = struct.Struct("<4s4H2LH")
CENTRAL_FIELDS = struct.Struct("<4s6H3L5H2L")
LOCAL_FIELDS = struct.Struct("<4s5H3L2H")
MOST_COMMENT = 65_535
STORED, DEFLATED = 0, 8
ENCRYPTED = 0x0001 | 0x0040 | 0x2000
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Member:
    """One file of an archive: `packed` bytes from `start` on, that become `size`; `begins` where its own head does."""

    name: str
    method: int
    packed: int
    size: int
    begins: int
    start: int


def members(data: memoryview) -> list[Member]:
    """All of an archive's, in the order of their places. Raises Refused: damaged, encrypted, unsafe_archive,
    too_much_unpacked.
    """
    end = bytes(data[-(END_FIELDS.size + MOST_COMMENT) :]).rfind(END)
    end += max(0, len(data) - END_FIELDS.size - MOST_COMMENT)
    if end < 0 or len(data) - end < END_FIELDS.size:
        raise damaged()
    _, disk, first_disk, _, count, table_size, table_at, _ = END_FIELDS.unpack_from(data, end)
    if disk or first_disk or table_at + table_size > end:
        raise damaged()
    if count > MAX_MEMBERS:
        raise Refused(Code.UNSAFE_ARCHIVE, f"It holds {count:,} files; at most {MAX_MEMBERS:,} are allowed.")
    found = sorted(_listed(data, table_at, table_size, count), key=lambda member: member.begins)
    _check_places(found, table_at)
    _check_sizes(found)
    return found


def _listed(data: memoryview, at: int, size: int, count: int) -> Iterator[Member]:
    end = at + size
    names: set[str] = set()
    for _ in range(count):
        if at + CENTRAL_FIELDS.size > end:
            raise damaged()
        fields = CENTRAL_FIELDS.unpack_from(data, at)
        signature, _, _, flags, method, _, _, _, packed, unpacked, named, extra, comment, _, _, outer, begins = fields
        at += CENTRAL_FIELDS.size
        name = bytes(data[at : at + named]).decode("utf-8" if flags & 0x800 else "cp437", "replace")
        at += named + extra + comment
        if signature != CENTRAL or at > end:
            raise damaged()
        if flags & ENCRYPTED:
            raise encrypted()
        if method not in (STORED, DEFLATED) or 0xFFFFFFFF in (packed, unpacked, begins):
            raise damaged()
        _check_name(name, names, outer >> 16)
        yield Member(name, method, packed, unpacked, begins, _start(data, begins, named))


def _check_name(name: str, names: set[str], mode: int) -> None:
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or name.startswith(("/", "\\")) or ":" in parts[0] or "\0" in name:
        raise Refused(Code.UNSAFE_ARCHIVE, "It holds a file whose name leads out of it.")
    if stat.S_ISLNK(mode):
        raise Refused(Code.UNSAFE_ARCHIVE, "It holds a link in place of a file.")
    if name in names:
        raise Refused(Code.UNSAFE_ARCHIVE, "It holds two files of the same name.")
    names.add(name)


def _start(data: memoryview, begins: int, named: int) -> int:
    """Where a member's bytes are, behind its own head."""
    if begins + LOCAL_FIELDS.size > len(data):
        raise damaged()
    signature, _, flags, _, _, _, _, _, _, own_named, extra = LOCAL_FIELDS.unpack_from(data, begins)
    if signature != LOCAL or own_named != named:
        raise damaged()
    if flags & ENCRYPTED:
        raise encrypted()
    return begins + LOCAL_FIELDS.size + int(own_named) + int(extra)


def _check_places(found: list[Member], table_at: int) -> None:
    """Members that share bytes are how a small archive unpacks to a large one many times over."""
    for member, following in zip(found, [*(one.begins for one in found[1:]), table_at], strict=True):
        if member.start + member.packed > following:
            raise Refused(Code.UNSAFE_ARCHIVE, "It holds files that lie one over the other.")


def _check_sizes(found: list[Member]) -> None:
    if sum(member.size for member in found) > MAX_UNPACKED_BYTES:
        raise too_much()
    for member in found:
        if member.size > RATIO_FROM_BYTES and member.size > MAX_RATIO * member.packed:
            raise too_much()


def unpacked(data: memoryview, member: Member) -> Iterator[bytes]:
    """The member's bytes, a piece at a time. Raises Refused: damaged, too_much_unpacked for more than it said."""
    packed = data[member.start : member.start + member.packed]
    size = 0
    for piece in _inflated(packed) if member.method == DEFLATED else _pieces(packed):
        size += len(piece)
        if size > member.size:
            raise too_much()
        yield piece


def whole(data: memoryview, member: Member) -> bytes:
    return b"".join(unpacked(data, member))


def _pieces(packed: memoryview) -> Iterator[bytes]:
    for start in range(0, len(packed), CHUNK_BYTES):
        yield bytes(packed[start : start + CHUNK_BYTES])


def _inflated(packed: memoryview) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        for piece in _pieces(packed):
            yield inflater.decompress(piece, CHUNK_BYTES)
            while inflater.unconsumed_tail:
                yield inflater.decompress(inflater.unconsumed_tail, CHUNK_BYTES)
        yield inflater.flush()
    except zlib.error as error:
        raise damaged() from error


def damaged() -> Refused:
    return Refused(Code.DAMAGED, "The document is damaged and can't be read.")


def encrypted() -> Refused:
    return Refused(Code.ENCRYPTED, "The document is protected by a password. Please send it without.")


def too_much() -> Refused:
    return Refused(Code.TOO_MUCH_UNPACKED, "Unpacked, the document is far larger than a document may be.")
