"""A kernel that knows no flags of renameat2(2)."""

import ctypes
import errno

from processors.sandbox import kernel
from processors.sandbox.seccomp import (
    ALLOW,
    ARGUMENTS,
    EQUAL,
    ERRNO,
    FILTER_ALL_THREADS,
    LOAD,
    NUMBER,
    RETURN,
    SET_MODE_FILTER,
    Instruction,
    Program,
)
from processors.sandbox.syscalls import SECCOMP

RENAMEAT2 = {"x86_64": 316, "aarch64": 276}
LINKAT = {"x86_64": 265, "aarch64": 37}
FLAGS = ARGUMENTS + 8 * 4


def without_flags() -> None:
    """For this process, from now on."""
    number = RENAMEAT2[kernel.machine()]
    _install(
        Instruction(LOAD, 0, 0, NUMBER),
        Instruction(EQUAL, 0, 3, number),
        Instruction(LOAD, 0, 0, FLAGS),
        Instruction(EQUAL, 1, 0, 0),
        Instruction(RETURN, 0, 0, ERRNO | errno.EINVAL),
        Instruction(RETURN, 0, 0, ALLOW),
    )


def without_links() -> None:
    """Nor hard links, for this process."""
    without_flags()
    _install(
        Instruction(LOAD, 0, 0, NUMBER),
        Instruction(EQUAL, 0, 1, LINKAT[kernel.machine()]),
        Instruction(RETURN, 0, 0, ERRNO | errno.EPERM),
        Instruction(RETURN, 0, 0, ALLOW),
    )


def _install(*instructions: Instruction) -> None:
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    program = Program(len(instructions), (Instruction * len(instructions))(*instructions))
    kernel.syscall(SECCOMP[kernel.machine()], SET_MODE_FILTER, FILTER_ALL_THREADS, ctypes.byref(program))
