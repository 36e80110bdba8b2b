"""The inbox: shared memory that the parent writes every source into, and the child can only read.

It is made once a child, so that a photo costs one copy and no new pages on either side. F_SEAL_FUTURE_WRITE (Linux 5.1)
leaves the mapping made before it writable and allows no other: see fcntl(2).
"""

import mmap
import os

from processors.sandbox.shared import FIXED, Shared

F_SEAL_FUTURE_WRITE = 0x0010
SEALS = F_SEAL_FUTURE_WRITE | FIXED
# Larger sources, of which there are few, come in a sealed memory file of their own.
INBOX_BYTES = 16 << 20


class Inbox(Shared):
    """The parent's side. `descriptor` is for the child."""

    def __init__(self) -> None:
        super().__init__("darkroom-inbox", INBOX_BYTES, mmap.PROT_READ | mmap.PROT_WRITE, SEALS)

    def put(self, source: bytes | bytearray | memoryview) -> None:
        """Write `source`, at most INBOX_BYTES, over what was there."""
        self._memory[: len(source)] = source


def reader(descriptor: int) -> memoryview:
    """The child's side: a read-only view of the whole inbox. Closes the descriptor."""
    memory = mmap.mmap(descriptor, INBOX_BYTES, prot=mmap.PROT_READ)
    os.close(descriptor)
    return memoryview(memory)
