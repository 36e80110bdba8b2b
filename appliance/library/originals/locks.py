"""One at a time on an asset, over all processes and hosts; who dies lets go."""

import errno
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

_NAME = "lock"
_PLACES = (1 << 62) - 1


@contextmanager
def locked(folder: int, asset: UUID) -> Iterator[bool]:
    """Whether nobody else is at it; if so, nobody else will be. folder: a descriptor of WORK or KEPT. Raises OSError.

    A byte for each asset in one file, by locks that belong to the open file (fcntl(2), F_OFD_SETLK): they hold between
    threads as well, on NFS too, and leave no file behind for each asset.
    """
    descriptor = os.open(_NAME, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        yield _set(descriptor, asset, fcntl.F_WRLCK)
    finally:
        # Said, since a process that was forked meanwhile has the file open as well.
        _set(descriptor, asset, fcntl.F_UNLCK)
        os.close(descriptor)


def _set(descriptor: int, asset: UUID, kind: int) -> bool:
    # struct flock: type, whence, start, length, pid
    wanted = struct.pack("hhqqi", kind, os.SEEK_SET, asset.int & _PLACES, 1, 0)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, wanted)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise
    return True
