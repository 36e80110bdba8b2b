"""Landlock: a ruleset that allows nothing, or to read and execute a few paths, and write below one.

See landlock(7) and linux/landlock.h.
"""

import ctypes
import errno
import os
import stat
from collections.abc import Sequence

from processors.sandbox import kernel

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
CREATE_RULESET_VERSION = 1
RULE_PATH_BENEATH = 1
EXECUTE, READ_FILE, READ_DIR = 1 << 0, 1 << 2, 1 << 3
# What is made in a folder of one's own is neither executed nor a device.
NEVER = EXECUTE | 1 << 6 | 1 << 11
# How many file system rights each version of the interface knows; they are the lowest bits.
FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
NET_RIGHTS = 0b11  # bind and connect TCP, since version 4
SCOPES = 0b11  # abstract sockets and signals, since version 6


class RulesetAttributes(ctypes.Structure):
    """`struct landlock_ruleset_attr`."""

    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class PathRule(ctypes.Structure):
    """`struct landlock_path_beneath_attr`."""

    _pack_ = 1
    _fields_ = (("allowed_access", ctypes.c_uint64), ("parent_fd", ctypes.c_int32))


def close(keep: Sequence[str] = (), scratch: str | None = None) -> None:
    """Forbid this process every file, TCP port, foreign abstract socket and foreign signal that the kernel can.

    Only what `keep` names, or what lies below it, may be read and executed. scratch: a folder that anything may be done
    in; with it folders of `keep` are listed, too. Needs no_new_privs. Raises OSError, also where the kernel has no
    Landlock.
    """
    version = _version()
    files = (1 << FILE_RIGHTS[min(version, max(FILE_RIGHTS))]) - 1
    attributes = RulesetAttributes(
        handled_access_fs=files,
        handled_access_net=NET_RIGHTS if version >= 4 else 0,
        scoped=SCOPES if version >= 6 else 0,
    )
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = kernel.syscall(CREATE_RULESET, ctypes.byref(attributes), size, 0)
    try:
        for path in keep:
            _allow(ruleset, path, EXECUTE | READ_FILE | (READ_DIR if scratch else 0))
        if scratch:
            _allow(ruleset, scratch, files & ~NEVER)
        kernel.syscall(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            rights &= ~READ_DIR  # the kernel refuses rights that a file can't have
        kernel.syscall(ADD_RULE, ruleset, RULE_PATH_BENEATH, ctypes.byref(PathRule(rights, handle)), 0)
    finally:
        os.close(handle)


def _version() -> int:
    try:
        return kernel.syscall(CREATE_RULESET, None, 0, CREATE_RULESET_VERSION)
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EOPNOTSUPP):
            raise OSError(error.errno, "this kernel has no Landlock, or it is not enabled") from error
        raise
