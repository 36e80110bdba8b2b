"""A seccomp filter: what isn't on the list is refused with EPERM. See seccomp(2).

No sockets, no files opened, no programs or processes started, nobody traced, nothing mapped executable.
A program to be executed gets more: it opens files to read them, and maps its libraries. An office program also writes.
The filter is a program for the kernel's classic BPF machine, written out by hand: no library needed.
"""

import ctypes
import errno
import fcntl
import socket
from collections.abc import Iterator, Sequence

from processors.sandbox import kernel
from processors.sandbox.syscalls import (
    ALLOWED,
    CLONE3,
    CONDITIONAL,
    EXECVE,
    OFFICE,
    OPENAT,
    PRETENDED,
    PRLIMIT64,
    SECCOMP,
    SOCKET,
    SOCKETPAIR,
    TOOL,
)

LOAD, EQUAL, GREATER_OR_EQUAL, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, KILL, ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
# Offsets in struct seccomp_data; of an argument the lower half, the machines being little-endian.
NUMBER, ARCHITECTURE, ARGUMENTS = 0, 4, 16
X32_BIT = 0x40000000
SET_MODE_FILTER, FILTER_ALL_THREADS = 1, 1

PROT_EXEC = 0x4
# Memory that is shared stays where it is when all but a page of it is unmapped: it would be hidden from every count.
MAP_SHARED = 0x1
MAP_ANONYMOUS = 0x20
CLONE_THREAD = 0x10000
AT_EMPTY_PATH = 0x1000
# Not F_SETOWN and its like: who owns a descriptor gets the signal of one's choice, by the kernel's hand, when something
# arrives there.
COMMANDS = (
    fcntl.F_DUPFD,
    fcntl.F_DUPFD_CLOEXEC,
    fcntl.F_GETFD,
    fcntl.F_SETFD,
    fcntl.F_GETFL,
    fcntl.F_GET_SEALS,
)
LOCKS = (fcntl.F_GETLK, fcntl.F_SETLK, fcntl.F_SETLKW)
ITSELF = 0  # as a process id
# Every flag of open(2) that writes or makes a file: O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, __O_TMPFILE.
WRITING = 0o1 | 0o2 | 0o100 | 0o1000 | 0o2000 | 0o20000000


class Instruction(ctypes.Structure):
    """`struct sock_filter`: jumps count the instructions to skip when true and when false."""

    _fields_ = (("code", ctypes.c_uint16), ("true", ctypes.c_uint8), ("false", ctypes.c_uint8), ("k", ctypes.c_uint32))


class Program(ctypes.Structure):
    """`struct sock_fprog`."""

    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(Instruction)))


def install(program_at: int | None = None, office: bool = False) -> None:
    """Filter this process and all its threads, for good. Needs no_new_privs. Raises OSError.

    program_at: the address of the path of the one program that may be executed, by which it has to be called.
    office: it writes files, wherever other walls let it.
    """
    machine = kernel.machine()
    instructions = list(program(machine, program_at, office))
    array = (Instruction * len(instructions))(*instructions)
    filter_program = Program(len(instructions), array)
    kernel.syscall(SECCOMP[machine], SET_MODE_FILTER, FILTER_ALL_THREADS, ctypes.byref(filter_program))


def program(machine: str, program_at: int | None = None, office: bool = False) -> Iterator[Instruction]:
    """The filter's instructions for `machine`; see `install`."""
    column = 0 if machine == "x86_64" else 1
    yield Instruction(LOAD, 0, 0, ARCHITECTURE)
    yield Instruction(EQUAL, 1, 0, kernel.AUDIT_ARCH[machine])
    yield Instruction(RETURN, 0, 0, KILL)
    yield Instruction(LOAD, 0, 0, NUMBER)
    yield Instruction(GREATER_OR_EQUAL, 0, 1, X32_BIT)
    yield Instruction(RETURN, 0, 0, KILL)
    for numbers in _listed(program_at, office).values():
        number = numbers[column]
        if number is not None:
            yield from _when(number, ALLOW)
    if office:  # of two rules for one call the first counts
        yield from _of_an_office(column, program_at)
    yield from _when(CLONE3[column], ERRNO | errno.ENOSYS)
    if program_at is None:
        yield from _when_neither(CONDITIONAL["mmap"][column], (2, PROT_EXEC), (3, MAP_SHARED))
    else:
        yield from _when_neither(CONDITIONAL["mmap"][column], (3, MAP_SHARED))
        yield from _when_neither(OPENAT[column], (2, WRITING))
        yield from _when_pointer(EXECVE[column], program_at)
        yield from _when_one_of(PRLIMIT64[column], 0, (ITSELF,))
    yield from _when_one_of(CONDITIONAL["fcntl"][column], 1, COMMANDS)
    yield from _when_neither(CONDITIONAL["mprotect"][column], (2, PROT_EXEC))
    yield from _when_argument(CONDITIONAL["clone"][column], 0, ANY_BIT, CLONE_THREAD)
    # The C library asks about an open descriptor with this one and an empty path.
    yield from _when_argument(CONDITIONAL["newfstatat"][column], 3, EQUAL, AT_EMPTY_PATH)
    yield Instruction(RETURN, 0, 0, ERRNO | errno.EPERM)


def _listed(program_at: int | None, office: bool) -> dict[str, tuple[int | None, int | None]]:
    if office:
        return ALLOWED | TOOL | OFFICE
    return ALLOWED if program_at is None else ALLOWED | TOOL


def _of_an_office(column: int, program_at: int | None) -> Iterator[Instruction]:
    yield from _when_not_both(CONDITIONAL["mmap"][column], 3, MAP_SHARED, MAP_ANONYMOUS)
    yield from _when_one_of(CONDITIONAL["fcntl"][column], 1, (*COMMANDS, *LOCKS))
    yield from _when_one_of(PRLIMIT64[column], 0, (ITSELF,))
    if program_at is not None:
        yield from _when(CONDITIONAL["mprotect"][column], ALLOW)  # it writes code by which its parts call each other
        # With datagrams, also those of a pair, an address could be given to each message.
        for numbers in (SOCKET, SOCKETPAIR):
            yield from _when_each(numbers[column], (0, socket.AF_UNIX), (1, socket.SOCK_STREAM))
        for numbers in PRETENDED.values():
            yield from _when(numbers[column], ERRNO)  # of no error: it was not done, and did not fail


def _when(number: int, action: int) -> Iterator[Instruction]:
    yield Instruction(EQUAL, 0, 1, number)
    yield Instruction(RETURN, 0, 0, action)


def _when_argument(number: int, argument: int, test: int, value: int) -> Iterator[Instruction]:
    """For system call `number`: allow when `test` of an argument with `value` holds, else EPERM."""
    yield Instruction(EQUAL, 0, 4, number)
    yield Instruction(LOAD, 0, 0, ARGUMENTS + 8 * argument)
    yield Instruction(test, 0, 1, value)
    yield Instruction(RETURN, 0, 0, ALLOW)
    yield Instruction(RETURN, 0, 0, ERRNO | errno.EPERM)


def _when_neither(number: int, *forbidden: tuple[int, int]) -> Iterator[Instruction]:
    """For system call `number`: EPERM when an argument has any bit of its `forbidden` ones, else allow."""
    yield Instruction(EQUAL, 0, 3 * len(forbidden) + 1, number)
    for argument, bits in forbidden:
        yield Instruction(LOAD, 0, 0, ARGUMENTS + 8 * argument)
        yield Instruction(ANY_BIT, 0, 1, bits)
        yield Instruction(RETURN, 0, 0, ERRNO | errno.EPERM)
    yield Instruction(RETURN, 0, 0, ALLOW)


def _when_not_both(number: int, argument: int, one: int, other: int) -> Iterator[Instruction]:
    """For system call `number`: EPERM when an argument has a bit of `one` and one of `other`, else allow."""
    yield Instruction(EQUAL, 0, 5, number)
    yield Instruction(LOAD, 0, 0, ARGUMENTS + 8 * argument)
    yield Instruction(ANY_BIT, 0, 2, one)
    yield Instruction(ANY_BIT, 0, 1, other)
    yield Instruction(RETURN, 0, 0, ERRNO | errno.EPERM)
    yield Instruction(RETURN, 0, 0, ALLOW)


def _when_each(number: int, *wanted: tuple[int, int]) -> Iterator[Instruction]:
    """For system call `number`: allow when the lower half of each argument is what is `wanted` of it, else EPERM."""
    yield Instruction(EQUAL, 0, 3 * len(wanted) + 1, number)
    for argument, value in wanted:
        yield Instruction(LOAD, 0, 0, ARGUMENTS + 8 * argument)
        yield Instruction(EQUAL, 1, 0, value)
        yield Instruction(RETURN, 0, 0, ERRNO | errno.EPERM)
    yield Instruction(RETURN, 0, 0, ALLOW)


def _when_one_of(number: int, argument: int, values: Sequence[int]) -> Iterator[Instruction]:
    """For system call `number`: allow when the lower half of an argument is among `values`, else EPERM."""
    yield Instruction(EQUAL, 0, len(values) + 3, number)
    yield Instruction(LOAD, 0, 0, ARGUMENTS + 8 * argument)
    for left, value in zip(range(len(values), 0, -1), values, strict=True):
        yield Instruction(EQUAL, left, 0, value)
    yield Instruction(RETURN, 0, 0, ERRNO | errno.EPERM)
    yield Instruction(RETURN, 0, 0, ALLOW)


def _when_pointer(number: int, address: int) -> Iterator[Instruction]:
    """For system call `number`: allow when the first argument is `address`, whose memory execve(2) gives up."""
    yield Instruction(EQUAL, 0, 6, number)
    yield Instruction(LOAD, 0, 0, ARGUMENTS)
    yield Instruction(EQUAL, 0, 3, address & 0xFFFFFFFF)
    yield Instruction(LOAD, 0, 0, ARGUMENTS + 4)
    yield Instruction(EQUAL, 0, 1, address >> 32)
    yield Instruction(RETURN, 0, 0, ALLOW)
    yield Instruction(RETURN, 0, 0, ERRNO | errno.EPERM)
