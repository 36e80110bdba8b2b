"""Landlock: a ruleset that allows nothing. See landlock(7) and linux/landlock.h."""

import ctypes
import errno
import os

from processors.sandbox import kernel

CREATE_RULESET, RESTRICT_SELF = 444, 446  # the same numbers on every architecture
CREATE_RULESET_VERSION = 1
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


def close() -> bool:
    """Forbid this process every file, TCP port, foreign abstract socket and foreign signal that the kernel can.

    False where the kernel has no Landlock. Needs no_new_privs.
    """
    version = _version()
    if version == 0:
        return False
    attributes = RulesetAttributes(
        handled_access_fs=(1 << FILE_RIGHTS[min(version, max(FILE_RIGHTS))]) - 1,
        handled_access_net=NET_RIGHTS if version >= 4 else 0,
        scoped=SCOPES if version >= 6 else 0,
    )
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = kernel.syscall(CREATE_RULESET, ctypes.byref(attributes), size, 0)
    try:
        kernel.syscall(RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    return True


def _version() -> int:
    try:
        return kernel.syscall(CREATE_RULESET, None, 0, CREATE_RULESET_VERSION)
    except OSError as error:
        if error.errno in (errno.ENOSYS, errno.EOPNOTSUPP):
            return 0
        raise
