"""Nothing is written into the mount point of a drive that is missing.

For the server that would be a fresh drive, to be filled from the others: with the system's disk instead of a drive.
So nobody may write into the folder that lies under a drive, and what was a drive once is not taken for a folder later.
"""

import fcntl
import os
import stat
import struct
from contextlib import suppress
from pathlib import Path

from ops.disks.mounting import mounted_at
from ops.disks.system import ToolFailed, run

MODE = 0o555
_GET_FLAGS, _SET_FLAGS, _IMMUTABLE = 0x80086601, 0x40086602, 0x10  # ioctl_iflags(2)

# A mount of the parent on itself, seen by this one process alone, shows what lies under the drive.
_BENEATH = """
mount --bind "$1" "$1"
[ "$(stat -c %u/%a "$1/$2")" = 0/555 ] || { chown 0:0 "$1/$2" && chmod 0555 "$1/$2"; }
"""
_IMMUTABLE_TOO = 'chattr +i "$1/$2" 2>/dev/null || true\n'


def close(where: Path, firmly: bool = False) -> None:
    """Makes the folder `where`, also while a drive is mounted on it, one that no account but root can write into.

    firmly: nor root by mistake, where the file system can keep it immutable (chattr(1), +i). Needs root.
    Raises ToolFailed or OSError.
    """
    if mounted_at(where):
        script = _BENEATH + (_IMMUTABLE_TOO if firmly else "")
        run("unshare", "--mount", "sh", "-ec", script, "sh", str(where.parent), where.name)
        return
    where.mkdir(mode=MODE, parents=True, exist_ok=True)
    if any(where.iterdir()):
        raise ToolFailed(f"{where} is not empty, and so no place to mount a drive at")
    facts = where.stat()
    if (facts.st_uid, stat.S_IMODE(facts.st_mode)) != (0, MODE):
        os.chown(where, 0, 0)
        where.chmod(MODE)
    if firmly:
        _keep(where)


def _keep(where: Path) -> None:
    handle = os.open(where, os.O_RDONLY)
    # On a file system that knows no such thing the mode has to do.
    with suppress(OSError):
        flags = struct.unpack("l", fcntl.ioctl(handle, _GET_FLAGS, bytes(8)))[0]
        fcntl.ioctl(handle, _SET_FLAGS, struct.pack("l", flags | _IMMUTABLE))
    os.close(handle)


def shut(where: Path) -> bool:
    """Takes from this account, which may own the folder of a missing drive, the right to write into it.

    True if it can't be written now, by whomever it was closed.
    """
    if os.access(where, os.W_OK):
        try:
            where.chmod(stat.S_IMODE(where.stat().st_mode) & 0o555)
        except OSError:
            return False
    return not os.access(where, os.W_OK)
