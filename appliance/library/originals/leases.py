"""Whether somebody writes to a file, and keeping others from beginning to (fcntl(2), "Leases")."""

import errno
import fcntl
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from appliance.library.originals import mounts
from appliance.library.originals.hindrances import Hindrance, Stop

# A client of a network can't know what others do with the file, and NFS refuses all that its server did not delegate.
_REMOTE = ("nfs", "cifs", "smb", "fuse", "ceph", "9p")


class Lease:
    """While it holds, who opens the file for writing waits (45 s at most), and breaks it."""

    def __init__(self, descriptor: int, held: bool) -> None:
        self._descriptor, self._held = descriptor, held

    def must_hold(self) -> None:
        """Raises Stop where somebody waits to write. Where there could be no lease, nothing is known."""
        if self._held and fcntl.fcntl(self._descriptor, fcntl.F_GETLEASE) != fcntl.F_RDLCK:
            raise Stop(Hindrance.IN_USE, "somebody begins to write to it")


@contextmanager
def lease(descriptor: int) -> Iterator[Lease]:
    """On a file that is open for reading. Raises Stop where somebody has it open for writing.

    Only its owner and root get one, and not on all file systems; without, there is nothing to be raised.
    """
    held = _taken(descriptor)
    try:
        yield Lease(descriptor, held)
    finally:
        if held:
            fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)


def _taken(descriptor: int) -> bool:
    if mounts.kind(descriptor).startswith(_REMOTE):
        return False
    try:
        # Else the kernel would say by SIGIO that it is broken, which ends a process; this one is ignored.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        if error.errno == errno.EAGAIN:
            raise Stop(Hindrance.IN_USE, "somebody has it open for writing") from None
        return False
    return True
