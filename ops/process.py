"""One child process: started so that it can't outlive its supervisor, stopped politely, then firmly."""

import asyncio
import contextlib
import ctypes
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ops.logs import Log
from ops.setup import capabilities

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Child:
    """A running process in a session of its own, with its output going to `log`."""

    def __init__(self, process: asyncio.subprocess.Process, pump: "asyncio.Task[None]", stop: signal.Signals) -> None:
        self.process = process
        self.pid = process.pid
        self._pump = pump
        self._stop = stop

    async def wait(self) -> int:
        """The exit code, once the process has ended and nothing of its group is left."""
        code = await self.process.wait()
        # Whatever it started and left behind would hold its port or its queue against the next one.
        kill_group(self.pid, signal.SIGKILL)
        _, late = await asyncio.wait([self._pump], timeout=2)
        for pump in late:
            pump.cancel()
        return code

    async def end(self, patience: float) -> None:
        """Asks it to stop; kills its group if it hasn't after `patience` seconds."""
        if self.process.returncode is None:
            self.process.send_signal(self._stop)
            try:
                async with asyncio.timeout(patience):
                    await self.process.wait()
            except TimeoutError:
                kill_group(self.pid, signal.SIGKILL)
        await self.wait()


async def start(
    argv: Sequence[str], env: Mapping[str, str], folder: Path, log: Log, stop: signal.Signals, privileged: bool = False
) -> Child:
    """Starts `argv` in `folder`, which gets `stop` when this process ends in any way. Raises OSError.

    privileged: it keeps the right to open ports below 1024, if this process has been given it.
    """
    # A pipe of our own: asyncio's would count the process as running for as long as anything it started holds the pipe.
    ours, theirs = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            env=dict(env),
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=bound(os.getpid(), stop, privileged),
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return Child(process, asyncio.create_task(_pump(ours, log)), stop)


async def _pump(handle: int, log: Log) -> None:
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(handle, "rb", buffering=0)
    )
    try:
        await log.pump(reader)
    finally:
        transport.close()


def bound(parent: int, stop: signal.Signals, privileged: bool = False) -> Callable[[], None]:
    """What a child of `parent` does between fork and exec, so that it gets `stop` however its parent ends."""

    def prepare() -> None:
        if not privileged:
            capabilities.clear()
        _libc.prctl(PR_SET_PDEATHSIG, int(stop), 0, 0, 0)
        if os.getppid() != parent:
            # It died before the line above could take effect.
            os._exit(1)

    return prepare


def kill_group(group: int, number: signal.Signals) -> None:
    """Sends `number` to every process of `group`; none left is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
