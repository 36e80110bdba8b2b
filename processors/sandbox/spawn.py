"""Starting the child: its own program, not a fork, with nothing of its parent's but one end of a socket."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import processors
from processors.sandbox import messages
from processors.sandbox.errors import SandboxDied, SandboxTimeout
from processors.sandbox.inbox import Inbox
from processors.sandbox.memory import resident_bytes

# Kept by the allocator instead of given back and faulted in again for every photo: a quarter of the CPU time.
ALLOCATOR = {
    "MALLOC_MMAP_THRESHOLD_": "1000000000",
    "MALLOC_TRIM_THRESHOLD_": "2000000000",
    "MALLOC_TOP_PAD_": "67108864",
}
# NumPy's linear algebra would start a thread a core; nothing here multiplies matrices.
NO_THREADS = {"OPENBLAS_NUM_THREADS": "1"}
CHECKOUT = str(Path(processors.__file__).resolve().parent.parent)
ENVIRONMENT = ALLOCATOR | NO_THREADS | {"PYTHONPATH": CHECKOUT}
WATCH_SECONDS = 0.1


class TooMuchMemory(Exception):
    """The child grew over what it may have."""


class Child:
    """A running child and the parent's end of the socket. Made and used in the thread of one event loop.

    That thread has to live as long as the child: the kernel ends the child with the thread that started it.
    """

    def __init__(self, labels: Sequence[str]) -> None:
        self.inbox = Inbox()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        given = theirs.fileno(), self.inbox.descriptor
        flags = [
            "-P",
            "-s",
            "-B",
            "-m",
            "processors.sandbox.child",
            "--channel",
            str(given[0]),
            "--inbox",
            str(given[1]),
        ]
        with theirs, self.inbox.handing_over():
            self.process = subprocess.Popen(
                [sys.executable, *flags, *labels],
                env=ENVIRONMENT,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=given,
                start_new_session=True,
            )
        ours.setblocking(False)
        self.channel = ours
        self.served = 0

    def end(self) -> None:
        """Kill the child and wait for its end."""
        self.channel.close()
        self.inbox.close()
        self.process.kill()
        self.process.wait()

    async def receive(self, seconds: float, max_bytes: int) -> tuple[messages.Reply, int | None]:
        """The next reply, and its descriptor, which the caller closes.

        Raises SandboxTimeout after so many `seconds`, TooMuchMemory when the child holds over `max_bytes`,
        SandboxDied when it ended or talks nonsense.
        """
        await self._readable(seconds, max_bytes)
        try:
            message, descriptors = messages.receive(self.channel)
        except OSError as error:
            raise SandboxDied(str(error)) from error
        for descriptor in descriptors[1:]:
            os.close(descriptor)
        try:
            if not message:
                raise SandboxDied(f"the child ended: {self._why()}")
            return messages.decode_reply(message), descriptors[0] if descriptors else None
        except ValueError as error:
            raise SandboxDied(f"the child talks nonsense: {error}") from error

    async def _readable(self, seconds: float, max_bytes: int) -> None:
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
                if resident_bytes(self.process.pid) > max_bytes:
                    raise TooMuchMemory
        finally:
            loop.remove_reader(self.channel.fileno())

    def _why(self) -> str:
        try:
            status = self.process.wait(1)
        except subprocess.TimeoutExpired:
            return "it closed its socket"
        return f"signal {-status}" if status < 0 else f"status {status}"
