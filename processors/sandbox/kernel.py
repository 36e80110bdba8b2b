"""Calls to the kernel that Python's standard library has no function for."""

import ctypes
import os
import platform
from typing import Any

# The architectures the filter knows, by AUDIT_ARCH_* of linux/audit.h.
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38

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
