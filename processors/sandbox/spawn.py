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
from processors.sandbox.outbox import Outbox

WATCH_SECONDS = 0.1


class TooMuchMemory(Exception):
    """The child grew over what it may have."""


class Child:
    """A running child and the parent's end of the socket. Made and used in the thread of one event loop.

    That thread has to live as long as the child: the kernel ends the child with the thread that started it.
    """

    def __init__(self, role: str, labels: Sequence[str], layers: Collection[Layer], max_bytes: int) -> None:
        self._role, self._max_bytes = role, max_bytes
        self.ready = self.stays_root = False
        self.served = self.lent = 0
        with contextlib.ExitStack() as held:
            self._group = MemoryGroup(max_bytes) if Layer.CGROUP in layers else None
            if self._group is not None:
                held.callback(self._group.remove)
            self.inbox = held.enter_context(contextlib.closing(Inbox()))
            self.outbox = held.enter_context(contextlib.closing(Outbox()))
            self.channel, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            held.enter_context(self.channel).setblocking(False)
            with theirs, self.inbox.handing_over(), self.outbox.handing_over():
                self.process = self._started(
                    layers, labels, channel=theirs.fileno(), inbox=self.inbox.descriptor, outbox=self.outbox.descriptor
                )
            self._held = held.pop_all()

    def _started(
        self, layers: Collection[Layer], labels: Sequence[str], **descriptors: int
    ) -> "subprocess.Popen[bytes]":
        arguments = [*(f"--{name}={number}" for name, number in descriptors.items()), *labels]
        with contextlib.ExitStack() as stack:
            door, given = None, list(descriptors.values())
            if self._group is not None:
                door = self._group.door()
                stack.callback(os.close, door)
                given.append(door)
            return subprocess.Popen(
                command(layers, self._role, arguments, door),
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
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._held.close()

    async def get_ready(self, seconds: float) -> None:
        """Waits until it has warmed up, which it may have done long ago. Raises as `receive` does."""
        reply = await self.receive(seconds)
        if not isinstance(reply, messages.Ready):
            raise SandboxDied(f"the child could not start: {reply}")
        self.ready, self.stays_root = True, reply.uid == 0

    async def receive(self, seconds: float) -> messages.Reply:
        """The next reply. Descriptors that a child sends beside it are closed by the kernel, unseen.

        Raises SandboxTimeout after so many `seconds`, TooMuchMemory when the child holds more than it may,
        SandboxDied when it ended or talks nonsense.
        """
        await self._readable(seconds)
        try:
            message = self.channel.recv(messages.PACKET_BYTES)
        except OSError as error:
            raise SandboxDied(str(error)) from error
        if not message and self._group is not None and self._group.killed:
            raise TooMuchMemory
        if not message:
            raise SandboxDied(f"the child ended: {self._why()}")
        try:
            return messages.decode_reply(message)
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
