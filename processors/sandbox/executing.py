"""Running a program on an untrusted file, behind the doors of its role: `tool`, or `viewer`."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from processors.sandbox.beside import Beside
from processors.sandbox.bounds import Bounds
from processors.sandbox.cgroup import MemoryGroup
from processors.sandbox.command import ENVIRONMENT, command
from processors.sandbox.entry import NOT_CLOSED
from processors.sandbox.errors import SandboxDied, SandboxTimeout
from processors.sandbox.hearing import Hearing
from processors.sandbox.layers import Layer, Protection
from processors.sandbox.memory import resident_bytes
from processors.sandbox.scratch import Scratch, scratch_of
from processors.sandbox.spawn import WATCH_SECONDS, TooMuchMemory
from processors.sandbox.spent import cpu_seconds, note
from processors.sandbox.stepping import Still, step_back
from processors.sandbox.streams import Source, Streams

# How bubblewrap, as shells do, says that a signal ended a program. Programs that end with -errno stay above.
SIGNALLED = range(129, 160)
# Where ffmpeg finds its source, as a descriptor that is open: it opens no path. The other end is where it writes.
SOURCE = TARGET = "fd:"
END_SECONDS = 2.0


@dataclass(frozen=True)
class Output:
    """What a program left: its exit status, standard output (read-only), and the beginning of standard error.

    cut: it said more than that. end: the end of standard error, as much of it.
    """

    status: int
    data: memoryview
    said: str
    cut: bool
    end: str = ""


async def execute(
    program: str,
    arguments: Sequence[str],
    source: Source,
    protection: Protection,
    bounds: Bounds = Bounds(),  # noqa: B008  frozen
    target: int | None = None,
    hearing: Hearing | None = None,
    beside: Beside | None = None,
) -> Output:
    """Run `program` with `source` as its standard input, within `bounds`. See `Streams` for source and target.

    A caller that is cancelled leaves no process behind. Raises SandboxTimeout, SandboxDied when a signal ended it,
    TooMuchMemory, and as `Streams` and `Protection.require` do.
    """
    own = [f"--cpu-seconds={bounds.cpu_seconds}", f"--file-bytes={bounds.file_bytes}"]
    words = [*own, program, *arguments]
    return await run("tool", words, source, protection, bounds, target, hearing, keep=(program,), beside=beside)


async def run(
    role: str,
    words: Sequence[str],
    source: Source,
    protection: Protection,
    bounds: Bounds,
    target: int | None = None,
    hearing: Hearing | None = None,
    keep: Sequence[str] = (),
    beside: Beside | None = None,
) -> Output:
    """The same for any role of `entry` that reads standard input and writes standard output. keep: see `command`.

    A role that is given a scratch folder is told of it by `--scratch` and `--scratch-bytes`.
    """
    protection.require()
    async with contextlib.AsyncExitStack() as stack:
        streams = Streams(source, target)
        stack.callback(streams.close)
        group = MemoryGroup(bounds.max_bytes) if Layer.CGROUP in protection.layers else None
        if group is not None:
            stack.push_async_callback(asyncio.to_thread, group.remove)
        scratch = stack.enter_context(scratch_of(protection.layers, bounds.scratch_bytes))
        around = _Around(protection, group, bounds.nice, keep, scratch, beside)
        process = around.start(role, words, streams, hearing)
        still = Still()
        stepping = asyncio.create_task(step_back(process.pid, still)) if bounds.nice else None
        try:
            limits = _Limits(bounds.seconds, None if group else bounds.max_bytes, scratch)
            status = await _ended(process, limits, hearing, still)
            if hearing is not None:
                hearing.poll()
        finally:
            if stepping is not None:
                stepping.cancel()
            await _end(process)
        if group is not None and group.killed:
            raise TooMuchMemory
        text, cut = streams.text()
        if status < 0 or status in SIGNALLED:
            raise SandboxDied(f"the program ended: signal {-status if status < 0 else status - 128}")
        if status == NOT_CLOSED:
            raise SandboxDied(f"the program could not start: {text.strip()}")
        return Output(status, streams.data(), text, cut, streams.end())


@dataclass(frozen=True)
class _Around:
    """What lies around a process that is started."""

    protection: Protection
    group: MemoryGroup | None
    nice: int
    keep: Sequence[str]
    scratch: Scratch | None
    beside: Beside | None

    def start(
        self, role: str, words: Sequence[str], streams: Streams, hearing: Hearing | None
    ) -> "subprocess.Popen[bytes]":
        if self.scratch is not None:
            words = [f"--scratch={self.scratch.path}", f"--scratch-bytes={self.scratch.most_bytes}", *words]
        with contextlib.ExitStack() as stack:
            door, given = None, [one.number for one in (hearing, self.beside) if one is not None]
            if self.group is not None:
                door = self.group.door()
                stack.callback(os.close, door)
                given.append(door)
            process = subprocess.Popen(
                command(self.protection.layers, role, words, door, self.keep, self.nice, self.scratch),
                env=ENVIRONMENT,
                cwd="/",
                stdin=streams.source,
                stdout=streams.made,
                stderr=streams.said,
                pass_fds=given,
                start_new_session=True,
            )
        if hearing is not None:
            hearing.handed_over()
        return process


@dataclass(frozen=True)
class _Limits:
    """What is watched from here. max_bytes: None where the kernel does."""

    seconds: float
    max_bytes: int | None
    scratch: Scratch | None

    def check(self, pid: int) -> None:
        if self.max_bytes is not None and resident_bytes(pid) > self.max_bytes:
            raise TooMuchMemory
        if self.scratch is not None and self.scratch.full():
            raise TooMuchMemory


async def _ended(process: "subprocess.Popen[bytes]", limits: _Limits, hearing: Hearing | None, still: Still) -> int:
    """The status once it has ended by itself. The time for which it stood still is none of its own."""
    deadline, used = asyncio.get_running_loop().time() + limits.seconds, 0.0
    try:
        while not await _over(process, WATCH_SECONDS):
            used = max(used, cpu_seconds(process.pid))
            if hearing is not None:
                hearing.poll()
            if asyncio.get_running_loop().time() > deadline + still.seconds:
                raise SandboxTimeout(f"no end in {limits.seconds:g} s")
            limits.check(process.pid)
    finally:
        note(used)
    return process.wait()


async def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill it with its whole group, and see it gone: what held much memory takes its time."""
    try:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await _over(process, END_SECONDS)
    finally:
        process.wait()


async def _over(process: "subprocess.Popen[bytes]", seconds: float) -> bool:
    """Whether it has ended, or ends in so many seconds."""
    if process.poll() is not None:
        return True
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    with contextlib.ExitStack() as stack:
        handle = os.pidfd_open(process.pid)
        stack.callback(os.close, handle)
        loop.add_reader(handle, over.set)
        stack.callback(loop.remove_reader, handle)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(over.wait(), seconds)
    return over.is_set()
