"""Sealed memory files: how pictures cross the border without being copied through a pipe.

A seal can't be taken off again: whoever maps a sealed file knows that nobody can change or shrink it under them
(a shrunk file would kill its reader with SIGBUS). See memfd_create(2) and fcntl(2).
"""

import fcntl
import mmap
import os
from collections.abc import Sequence

SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL


class NotSealed(Exception):
    """The descriptor is no fully sealed memory file."""


def sealed(parts: Sequence[bytes | bytearray | memoryview | mmap.mmap]) -> int:
    """A descriptor of a new sealed memory file holding `parts` one after the other. The caller closes it."""
    descriptor = os.memfd_create("darkroom", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        for part in parts:
            rest = memoryview(part)
            while len(rest):
                rest = rest[os.write(descriptor, rest) :]
        fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, SEALS)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def view(descriptor: int) -> memoryview:
    """A read-only view of a sealed memory file; the memory lives as long as the view. Closes nothing.

    Private, since behind the doors nothing can be mapped that is shared: what is sealed doesn't change anyway.

    Raises NotSealed.
    """
    try:
        seals = fcntl.fcntl(descriptor, fcntl.F_GET_SEALS)
    except OSError as error:
        raise NotSealed("not a memory file") from error
    if seals & SEALS != SEALS:
        raise NotSealed("some seals are missing")
    size = os.fstat(descriptor).st_size
    if size == 0:
        return memoryview(b"")
    return memoryview(mmap.mmap(descriptor, size, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ))
