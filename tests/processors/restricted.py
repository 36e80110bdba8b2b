"""`python -m tests.processors.restricted COMMAND…`: runs it as on a system that has seccomp and nothing else to offer.

A filter refuses Landlock and every new namespace, as those of container run-times do.
"""

import ctypes
import errno
import os
import sys

from processors.sandbox import kernel, landlock
from processors.sandbox.seccomp import (
    ALLOW,
    ANY_BIT,
    ARGUMENTS,
    EQUAL,
    ERRNO,
    LOAD,
    NUMBER,
    RETURN,
    Instruction,
    Program,
)
from processors.sandbox.syscalls import CLONE3, CONDITIONAL, SECCOMP

UNSHARE = {"x86_64": 272, "aarch64": 97}
NEW_NAMESPACES = 0x7E020000


def instructions(machine: str, landlock_too: bool = True) -> list[Instruction]:
    """The filter; not landlock_too: one that refuses namespaces alone, as Docker's own does since its version 23."""
    column = 0 if machine == "x86_64" else 1
    no_landlock = [
        Instruction(EQUAL, 0, 1, landlock.CREATE_RULESET),
        Instruction(RETURN, 0, 0, ERRNO | errno.ENOSYS),
    ]
    return [
        Instruction(LOAD, 0, 0, NUMBER),
        *(no_landlock if landlock_too else []),
        Instruction(EQUAL, 0, 1, UNSHARE[machine]),
        Instruction(RETURN, 0, 0, ERRNO | errno.EPERM),
        Instruction(EQUAL, 0, 1, CLONE3[column]),
        Instruction(RETURN, 0, 0, ERRNO | errno.ENOSYS),
        Instruction(EQUAL, 0, 3, CONDITIONAL["clone"][column]),
        Instruction(LOAD, 0, 0, ARGUMENTS),
        Instruction(ANY_BIT, 0, 1, NEW_NAMESPACES),
        Instruction(RETURN, 0, 0, ERRNO | errno.EPERM),
        Instruction(RETURN, 0, 0, ALLOW),
    ]


def main() -> None:
    machine = kernel.machine()
    listed = instructions(machine)
    array = (Instruction * len(listed))(*listed)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.syscall(SECCOMP[machine], 1, 1, ctypes.byref(Program(len(listed), array)))
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
