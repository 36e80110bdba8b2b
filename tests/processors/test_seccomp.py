"""The filter's program, run by a small machine like the kernel's, for both architectures."""

import errno
import fcntl
import socket

import pytest

from processors.sandbox import kernel, seccomp
from processors.sandbox.syscalls import ALLOWED, EXECVE, OPENAT, PRETENDED, PRLIMIT64, SOCKET, SOCKETPAIR

pytestmark = pytest.mark.pure

COLUMNS = {"x86_64": 0, "aarch64": 1}
F_SETOWN_EX = 15
EPERM = seccomp.ERRNO | errno.EPERM


def decide(
    machine: str,
    number: int,
    arguments: tuple[int, ...] = (),
    architecture: int | None = None,
    program_at: int | None = None,
    office: bool = False,
) -> int:
    """What the filter answers to one system call; with `program_at` the one of tools."""
    data = number.to_bytes(4, "little")
    data += (kernel.AUDIT_ARCH[machine] if architecture is None else architecture).to_bytes(4, "little") + bytes(8)
    data += b"".join(argument.to_bytes(8, "little") for argument in (*arguments, *(0,) * (6 - len(arguments))))
    instructions = list(seccomp.program(machine, program_at, office))
    value, position = 0, 0
    while True:
        step = instructions[position]
        position += 1
        if step.code == seccomp.LOAD:
            value = int.from_bytes(data[step.k : step.k + 4], "little")
        elif step.code == seccomp.RETURN:
            return int(step.k)
        else:
            holds = {
                seccomp.EQUAL: value == step.k,
                seccomp.GREATER_OR_EQUAL: value >= step.k,
                seccomp.ANY_BIT: bool(value & step.k),
            }[step.code]
            position += step.true if holds else step.false


@pytest.mark.parametrize("machine", COLUMNS)
def test_what_is_on_the_list_passes_and_nothing_else(machine: str) -> None:
    column = COLUMNS[machine]
    listed = {numbers[column] for numbers in ALLOWED.values()}
    conditional = {numbers[column] for numbers in seccomp.CONDITIONAL.values()}
    for number in range(600):
        if number in conditional or number == seccomp.CLONE3[column]:
            continue
        assert decide(machine, number) == (seccomp.ALLOW if number in listed else EPERM), number


@pytest.mark.parametrize("machine", COLUMNS)
def test_arguments_decide(machine: str) -> None:
    numbers = {name: both[COLUMNS[machine]] for name, both in seccomp.CONDITIONAL.items()}
    assert decide(machine, numbers["mmap"], (0, 4096, 3)) == seccomp.ALLOW
    assert decide(machine, numbers["mmap"], (0, 4096, 7)) == EPERM
    assert decide(machine, numbers["mmap"], (0, 4096, 3, 0x22)) == seccomp.ALLOW
    for tool in (None, 4096):
        assert decide(machine, numbers["mmap"], (0, 4096, 3, 0x21), program_at=tool) == EPERM
    assert decide(machine, numbers["mmap"], (0, 4096, 7, 0x22), program_at=4096) == seccomp.ALLOW
    assert decide(machine, numbers["mprotect"], (0, 4096, 5)) == EPERM
    assert decide(machine, numbers["clone"], (0x3D0F00,)) == seccomp.ALLOW
    assert decide(machine, numbers["clone"], (0x1200011,)) == EPERM
    assert decide(machine, numbers["newfstatat"], (3, 0, 0, seccomp.AT_EMPTY_PATH)) == seccomp.ALLOW
    assert decide(machine, numbers["newfstatat"], (3, 0, 0, 0)) == EPERM
    for command in (fcntl.F_GETFD, fcntl.F_DUPFD_CLOEXEC, fcntl.F_GET_SEALS):
        assert decide(machine, numbers["fcntl"], (3, command)) == seccomp.ALLOW
    for command in (fcntl.F_SETFL, fcntl.F_SETOWN, fcntl.F_SETSIG, F_SETOWN_EX, fcntl.F_SETLEASE, fcntl.F_NOTIFY):
        assert decide(machine, numbers["fcntl"], (3, command)) == EPERM
    assert decide(machine, seccomp.CLONE3[0]) == seccomp.ERRNO | errno.ENOSYS


@pytest.mark.parametrize("machine", COLUMNS)
def test_a_tool_sets_the_limits_of_nobody_else(machine: str) -> None:
    number = PRLIMIT64[COLUMNS[machine]]
    assert decide(machine, number, (0, 7), program_at=4096) == seccomp.ALLOW
    assert decide(machine, number, (1, 7), program_at=4096) == EPERM
    assert decide(machine, number, (0, 7)) == EPERM


def test_other_architectures_are_killed() -> None:
    """32-bit calls, and x32 on x86_64, have other numbers for the same doors."""
    assert decide("x86_64", 0, architecture=0x40000003) == seccomp.KILL
    assert decide("aarch64", 63, architecture=0x40000028) == seccomp.KILL
    assert decide("x86_64", seccomp.X32_BIT | 1) == seccomp.KILL


@pytest.mark.parametrize("machine", COLUMNS)
@pytest.mark.parametrize("program_at", [None, 4096])
def test_an_office_program_writes_and_talks_to_nobody(machine: str, program_at: int | None) -> None:
    column = COLUMNS[machine]

    def answer(both: tuple[int | None, int | None], *arguments: int) -> int:
        number = both[column]
        assert number is not None
        return decide(machine, number, arguments, program_at=program_at, office=True)

    conditional, only_program = seccomp.CONDITIONAL, seccomp.ALLOW if program_at else EPERM
    assert answer(OPENAT, 0, 0, seccomp.WRITING) == seccomp.ALLOW
    assert answer(conditional["fcntl"], 3, fcntl.F_SETLK) == seccomp.ALLOW
    assert answer(conditional["fcntl"], 3, fcntl.F_SETOWN) == EPERM
    assert answer(conditional["mmap"], 0, 4096, 1, seccomp.MAP_SHARED) == seccomp.ALLOW
    assert answer(conditional["mmap"], 0, 4096, 3, seccomp.MAP_SHARED | seccomp.MAP_ANONYMOUS) == EPERM
    assert answer(conditional["mprotect"], 0, 4096, 5) == only_program
    assert answer(conditional["clone"], 0x1200011) == EPERM
    assert answer(PRLIMIT64, 1, 7) == EPERM
    assert answer(EXECVE, 4096) == only_program
    assert answer(EXECVE, 8192) == EPERM
    for call in (SOCKET, SOCKETPAIR):
        assert answer(call, socket.AF_UNIX, socket.SOCK_STREAM) == only_program
        assert answer(call, socket.AF_INET, socket.SOCK_STREAM) == EPERM
        assert answer(call, socket.AF_UNIX, socket.SOCK_DGRAM) == EPERM
    pretended = {answer(both) for both in PRETENDED.values()}
    assert pretended == {seccomp.ERRNO if program_at else EPERM}
    connect, kill, ptrace, memfd_create = (42, 203), (62, 129), (101, 117), (319, 279)
    assert {answer(both) for both in (connect, kill, ptrace, memfd_create)} == {EPERM}
