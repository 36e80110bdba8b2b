"""The inbox: shared memory that the parent writes every source into, and the child can only read.

It is made once a child, so that a photo costs one copy and no new pages on either side. F_SEAL_FUTURE_WRITE (Linux 5.1)
leaves the mapping made before it writable and allows no other: see fcntl(2).
"""

import contextlib
import fcntl
import mmap
import os
from collections.abc import Iterator

F_SEAL_FUTURE_WRITE = 0x0010
SEALS = F_SEAL_FUTURE_WRITE | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
# Larger sources, of which there are few, come in a sealed memory file of their own.
INBOX_BYTES = 16 << 20


class Inbox:
    """The parent's side. `descriptor` is for the child."""

    def __init__(self) -> None:
        self.descriptor = os.memfd_create("darkroom-inbox", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(self.descriptor, INBOX_BYTES)
            self._memory = mmap.mmap(self.descriptor, INBOX_BYTES)
            fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, SEALS)
        except BaseException:
            os.close(self.descriptor)
            raise

    def put(self, source: bytes | bytearray | memoryview) -> None:
        """Write `source`, at most INBOX_BYTES, over what was there."""
        self._memory[: len(source)] = source

    @contextlib.contextmanager
    def handing_over(self) -> Iterator[None]:
        """Around starting the child: its descriptor is closed on this side afterwards."""
        try:
            yield
        finally:
            os.close(self.descriptor)

    def close(self) -> None:
        self._memory.close()


def reader(descriptor: int) -> memoryview:
    """The child's side: a read-only view of the whole inbox. Closes the descriptor."""
    memory = mmap.mmap(descriptor, INBOX_BYTES, prot=mmap.PROT_READ)
    os.close(descriptor)
    return memoryview(memory)
