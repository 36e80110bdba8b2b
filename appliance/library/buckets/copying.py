"""Objects as files: copies on a local disk without a name, so that nothing is left of them whatever happens."""

import hashlib
import os
from typing import NamedTuple

from appliance.library.originals import scratch
from appliance.library.originals.hindrances import NoRoom, NotDone
from appliance.library.originals.places import Place
from storage.buckets import Bucket, Head

END = 4 << 20  # bytes of either end that are read first
_MATROSKA, _DURATION = b"\x1a\x45\xdf\xa3", b"\x44\x89"  # RFC 8794, RFC 9559: EBML, Info\Duration
_MP4, _INDEX, _FRAGMENTS = b"ftyp", b"moov", b"mvex"  # ISO/IEC 14496-12


class Copy(NamedTuple):
    """descriptor: of the file; sha256: in hex."""

    descriptor: int
    sha256: str


def whole(bucket: Bucket, head: Head, place: Place, least_free: int) -> Copy | NoRoom | NotDone:
    """All of an object. Raises StorageError and OSError."""
    descriptor = scratch.unnamed(place, head.size, least_free)
    if not isinstance(descriptor, int):
        return descriptor
    made = hashlib.sha256()
    try:
        with open(descriptor, "wb", closefd=False) as file:
            for piece in bucket.pieces(head):
                made.update(piece)
                file.write(piece)
    except BaseException:
        os.close(descriptor)
        raise
    return Copy(descriptor, made.hexdigest())


def ends(bucket: Bucket, head: Head, place: Place, least_free: int) -> int | None:
    """A file of the size of an object of which only both ends are there, for one that says all of itself in them; None
    where it does not, or is hardly longer. Raises StorageError and OSError.
    """
    if head.size <= 4 * END:
        return None
    first, last = bucket.part_of(head, 0, END), bucket.part_of(head, head.size - END, END)
    if not tells(first, last):
        return None
    descriptor = scratch.unnamed(place, 2 * END, least_free)
    if not isinstance(descriptor, int):
        return None
    os.pwrite(descriptor, first, 0)
    os.pwrite(descriptor, last, head.size - END)
    return descriptor


def tells(first: bytes, last: bytes) -> bool:
    """Whether how long it is, and what it holds, stands at these ends: with all others it is to be counted."""
    if first[4:8] == _MP4:
        both = first + last
        return _INDEX in both and _FRAGMENTS not in both
    return first.startswith(_MATROSKA) and _DURATION in first
