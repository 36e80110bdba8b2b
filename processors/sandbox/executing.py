"""Running a program on an untrusted file, behind the doors of `tool`."""

import asyncio
import contextlib
import fcntl
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from processors.sandbox import memfd
from processors.sandbox.cgroup import MemoryGroup
from processors.sandbox.command import ENVIRONMENT, command
from processors.sandbox.entry import NOT_CLOSED
from processors.sandbox.errors import SandboxDied, SandboxTimeout
from processors.sandbox.layers import Layer, Protection
from processors.sandbox.memory import resident_bytes
from processors.sandbox.spawn import WATCH_SECONDS, TooMuchMemory

SAID_BYTES = 65_536
# How bubblewrap, as shells do, says that a signal ended a program. Programs that end with -errno stay above.
SIGNALLED = range(129, 160)
# Where a program that wants a path finds its source.
SOURCE = "file:/proc/self/fd/0"


@dataclass(frozen=True)
class Output:
    """What a program left: its exit status, standard output (read-only), and the beginning of standard error.

    cut: it said more than that.
    """

    status: int
    data: memoryview
    said: str
    cut: bool


async def execute(
    program: str,
    arguments: Sequence[str],
    source: bytes | memoryview,
    protection: Protection,
    seconds: float = 10.0,
    max_bytes: int = 1 << 30,
) -> Output:
    """Run `program` with `source` as its standard input, a sealed memory file, in at most `seconds`.

    Raises SandboxTimeout, SandboxDied when a signal ended it, TooMuchMemory above `max_bytes`, and as
    `Protection.require` does.
    """
    protection.require()
    with contextlib.ExitStack() as stack:
        given, data, said = (stack.enter_context(_closing(one)) for one in (memfd.sealed([source]), _loose(), _loose()))
        group = MemoryGroup(max_bytes) if Layer.CGROUP in protection.layers else None
        if group is not None:
            stack.callback(group.remove)
        words = [f"--cpu-seconds={round(seconds) + 1}", program, *arguments]
        process = _started(program, words, protection, (given, data, said), group)
        try:
            status = await _ended(process, seconds, None if group else max_bytes)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        if group is not None and group.killed:
            raise TooMuchMemory
        text = os.pread(said, SAID_BYTES, 0).decode(errors="replace")
        if status < 0 or status in SIGNALLED:
            raise SandboxDied(f"the program ended: signal {-status if status < 0 else status - 128}")
        if status == NOT_CLOSED:
            raise SandboxDied(f"the program could not start: {text.strip()}")
        fcntl.fcntl(data, fcntl.F_ADD_SEALS, memfd.SEALS)
        return Output(status, memfd.view(data), text, cut=os.fstat(said).st_size > SAID_BYTES)


def _started(
    program: str, words: list[str], protection: Protection, streams: Sequence[int], group: MemoryGroup | None
) -> "subprocess.Popen[bytes]":
    door = group.door() if group else None
    try:
        return subprocess.Popen(
            command(protection.layers, "tool", words, door, keep=(program,)),
            env=ENVIRONMENT,
            cwd="/",
            stdin=streams[0],
            stdout=streams[1],
            stderr=streams[2],
            pass_fds=() if door is None else (door,),
            start_new_session=True,
        )
    finally:
        if door is not None:
            os.close(door)


async def _ended(process: "subprocess.Popen[bytes]", seconds: float, max_bytes: int | None) -> int:
    """The status once it has ended by itself."""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    deadline = loop.time() + seconds
    with _closing(os.pidfd_open(process.pid)) as handle:
        loop.add_reader(handle, over.set)
        try:
            while not over.is_set():
                if loop.time() > deadline:
                    raise SandboxTimeout(f"no end in {seconds:g} s")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(over.wait(), WATCH_SECONDS)
                if max_bytes is not None and resident_bytes(process.pid) > max_bytes:
                    raise TooMuchMemory
        finally:
            loop.remove_reader(handle)
    return process.wait()


def _loose() -> int:
    return os.memfd_create("darkroom-output", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)


@contextlib.contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)
