"""Calls to the kernel that Python's standard library has no function for."""

import ctypes
import os
import platform
import signal
from typing import Any

# The architectures the filter knows, by AUDIT_ARCH_* of linux/audit.h.
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
# linux/mount.h
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 0x20, 0x1000, 0x4000, 0x40000
MNT_DETACH = 2
PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
CAPABILITY_VERSION_3 = 0x20080522  # linux/capability.h

_libc = ctypes.CDLL(None, use_errno=True)
_libc.syscall.restype = ctypes.c_long


def machine() -> str:
    """`x86_64` or `aarch64`. Raises OSError on any other, for which there is no list of system calls."""
    name = platform.machine()
    if name not in AUDIT_ARCH:
        raise OSError(f"no sandbox for {name}")
    return name


def prctl(option: int, argument: int) -> None:
    """prctl(2). Raises OSError."""
    if _libc.prctl(option, ctypes.c_ulong(argument), ctypes.c_ulong(0), ctypes.c_ulong(0), ctypes.c_ulong(0)):
        raise _error(f"prctl {option}")


def follow_parent() -> None:
    """Have the kernel kill this process when its parent ends, however busy it is."""
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def unshare(flags: int) -> None:
    """unshare(2). Raises OSError."""
    if _libc.unshare(ctypes.c_int(flags)):
        raise _error("unshare")


def mount(source: str | None, target: str, kind: str | None, flags: int, options: str = "") -> None:
    """mount(2). Raises OSError."""
    names = [None if name is None else os.fsencode(name) for name in (source, target, kind)]
    if _libc.mount(*names, ctypes.c_ulong(flags), options.encode() or None):
        raise _error(f"mount {target}")


def unmount(target: str) -> None:
    """umount2(2), as soon as nobody uses it. Raises OSError."""
    if _libc.umount2(os.fsencode(target), MNT_DETACH):
        raise _error(f"umount {target}")


def pivot_root(new: str, old: str) -> None:
    """pivot_root(2). Raises OSError."""
    syscall(PIVOT_ROOT[machine()], ctypes.c_char_p(os.fsencode(new)), ctypes.c_char_p(os.fsencode(old)))


def drop_capabilities() -> None:
    """Give up every right of root, also over namespaces of our own. See capset(2). Raises OSError."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    if _libc.capset(ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)())):
        raise _error("capset")


def syscall(number: int, *arguments: Any) -> int:
    """syscall(2) with integers and pointers. Raises OSError."""
    converted = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result: int = _libc.syscall(ctypes.c_long(number), *converted)
    if result < 0:
        raise _error(f"system call {number}")
    return result


def _error(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{what}: {os.strerror(number)}")
