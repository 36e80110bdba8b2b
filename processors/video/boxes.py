"""The boxes that an MP4 file of our own consists of (ISO/IEC 14496-12, section 4.2): only their names and sizes."""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass

HEADER_BYTES = 16


@dataclass(frozen=True)
class Box:
    """`name` at `offset`, both it and `size` in bytes, its header counted."""

    name: bytes
    offset: int
    size: int


def boxes(descriptor: int) -> Iterator[Box]:
    """Those of the outermost level, in their order. Raises ValueError where they are not boxes."""
    offset, end = 0, os.fstat(descriptor).st_size
    while offset < end:
        header = os.pread(descriptor, HEADER_BYTES, offset)
        if len(header) < 8:
            raise ValueError("the file ends in a box's header")
        size, name = struct.unpack(">I4s", header[:8])
        if size == 1 and len(header) == HEADER_BYTES:
            (size,) = struct.unpack(">Q", header[8:])
        if size < 8 or offset + size > end:
            raise ValueError(f"the box {name!r} at {offset} does not fit")
        yield Box(name, offset, size)
        offset += size
