"""What a file is besides its bytes: owner, mode, times, access lists and other extended attributes."""

import errno
import os
import stat
from contextlib import suppress

from appliance.library.originals.hindrances import Hindrance, Stop
from appliance.library.originals.records import Facts

_ACCESS_LIST = "system.posix_acl_access"
_KEPT = (_ACCESS_LIST, "security.selinux")
_SPACES = ("user.", "trusted.")


def dress(made: int, original: int) -> tuple[str, ...]:
    """Give the one file what the other has; both are descriptors. What could not be kept, for people.

    Raises Stop where those who could read it would not be able to any more, and OSError.
    """
    facts = os.fstat(original)
    lost = (*_own(made, facts), *_attributes(made, original))
    os.utime(made, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    return lost


def restore(descriptor: int, facts: Facts) -> None:
    """Owner, mode and time of change, where they are others by now. Raises OSError."""
    now = os.fstat(descriptor)
    if (now.st_uid, now.st_gid) != (facts.uid, facts.gid):
        os.fchown(descriptor, facts.uid, facts.gid)
    if stat.S_IMODE(now.st_mode) != facts.mode:
        os.fchmod(descriptor, facts.mode)
    if now.st_mtime_ns != facts.mtime_ns:
        os.utime(descriptor, ns=(now.st_atime_ns, facts.mtime_ns))


def _own(made: int, facts: os.stat_result) -> tuple[str, ...]:
    owner, group = _chowned(made, facts.st_uid, -1), _chowned(made, -1, facts.st_gid)
    readable = facts.st_mode & (stat.S_IROTH | (stat.S_IRGRP if group else 0))
    if not owner and not readable:
        raise Stop(Hindrance.OWNER, "it can't be given to its owner, who could not read it any more")
    # With another owner these would be another's rights.
    mode = stat.S_IMODE(facts.st_mode) & (0o7777 if owner and group else 0o1777)
    os.fchmod(made, mode)
    return tuple(what for what, done in (("owner", owner), ("group", group)) if not done)


def _chowned(made: int, uid: int, gid: int) -> bool:
    now = os.fstat(made)
    if uid in (-1, now.st_uid) and gid in (-1, now.st_gid):
        return True
    try:
        os.fchown(made, uid, gid)
    except PermissionError:
        return False
    return True


def _attributes(made: int, original: int) -> tuple[str, ...]:
    names = _names(original)
    if _ACCESS_LIST not in names and _ACCESS_LIST in _names(made):
        os.removexattr(made, _ACCESS_LIST)  # of the folder that it was made in
    lost = []
    for name in names:
        try:
            os.setxattr(made, name, os.getxattr(original, name))
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENODATA):
                raise
            lost.append(name)
    return tuple(lost)


def _names(descriptor: int) -> list[str]:
    with suppress(OSError):  # a file system that knows none
        return [name for name in os.listxattr(descriptor) if name in _KEPT or name.startswith(_SPACES)]
    return []
