"""Starting the child: its own program, not a fork, with nothing of its parent's but one end of a socket."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
from collections.abc import Collection, Sequence

from processors.sandbox import messages
from processors.sandbox.cgroup import MemoryGroup
from processors.sandbox.command import ENVIRONMENT, command
from processors.sandbox.errors import SandboxDied, SandboxTimeout
from processors.sandbox.inbox import Inbox
from processors.sandbox.layers import Layer
from processors.sandbox.memory import resident_bytes, tree

WATCH_SECONDS = 0.1


class TooMuchMemory(Exception):
    """The child grew over what it may have."""


class Child:
    """A running child and the parent's end of the socket. Made and used in the thread of one event loop.

    That thread has to live as long as the child: the kernel ends the child with the thread that started it.
    """

    def __init__(self, labels: Sequence[str], layers: Collection[Layer], max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._group = MemoryGroup(max_bytes) if Layer.CGROUP in layers else None
        self.inbox = Inbox()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, self.inbox.handing_over():
            arguments = [f"--channel={theirs.fileno()}", f"--inbox={self.inbox.descriptor}", *labels]
            self.process = self._started(layers, arguments, [theirs.fileno(), self.inbox.descriptor])
        ours.setblocking(False)
        self.channel = ours
        self.ready = False
        self.served = 0

    def _started(self, layers: Collection[Layer], arguments: list[str], given: list[int]) -> "subprocess.Popen[bytes]":
        with contextlib.ExitStack() as stack:
            door = None
            if self._group is not None:
                door = self._group.door()
                stack.callback(os.close, door)
                given.append(door)
            return subprocess.Popen(
                command(layers, "child", arguments, door),
                env=ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=given,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process that develops: the last below those that only hold its namespaces."""
        return tree(self.process.pid)[-1]

    def end(self) -> None:
        """Kill the child, all of its group, and wait for its end."""
        self.channel.close()
        self.inbox.close()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self._group is not None:
            self._group.remove()

    async def get_ready(self, seconds: float) -> None:
        """Waits until it has warmed up, which it may have done long ago. Raises as `receive` does."""
        reply, result = await self.receive(seconds)
        if result is not None:
            os.close(result)
        if not isinstance(reply, messages.Ready):
            raise SandboxDied(f"the child could not start: {reply}")
        self.ready = True

    async def receive(self, seconds: float) -> tuple[messages.Reply, int | None]:
        """The next reply, and its descriptor, which the caller closes.

        Raises SandboxTimeout after so many `seconds`, TooMuchMemory when the child holds more than it may,
        SandboxDied when it ended or talks nonsense.
        """
        await self._readable(seconds)
        try:
            message, descriptors = messages.receive(self.channel)
        except OSError as error:
            raise SandboxDied(str(error)) from error
        for descriptor in descriptors[1:]:
            os.close(descriptor)
        try:
            if not message and self._group is not None and self._group.killed:
                raise TooMuchMemory
            if not message:
                raise SandboxDied(f"the child ended: {self._why()}")
            return messages.decode_reply(message), descriptors[0] if descriptors else None
        except ValueError as error:
            raise SandboxDied(f"the child talks nonsense: {error}") from error

    async def _readable(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()
        deadline = loop.time() + seconds
        loop.add_reader(self.channel.fileno(), readable.set)
        try:
            while not readable.is_set():
                left = deadline - loop.time()
                if left <= 0:
                    raise SandboxTimeout(f"no answer in {seconds:g} s")
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(readable.wait(), min(left, WATCH_SECONDS))
                if self._group is None and resident_bytes(self.process.pid) > self._max_bytes:
                    raise TooMuchMemory
        finally:
            loop.remove_reader(self.channel.fileno())

    def _why(self) -> str:
        try:
            status = self.process.wait(1)
        except subprocess.TimeoutExpired:
            return "it closed its socket"
        number = -status if status < 0 else status - 128  # bubblewrap says it as shells do
        return f"signal {number}" if number > 0 else f"status {status}"
