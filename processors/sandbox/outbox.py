"""The outbox: shared memory that the child writes its results into, for the parent to copy them.

It is made once a child and as large as it will ever be, so that the child needs no way to make memory files: what is in
those that it does not map would be on nobody's account, neither as its resident memory nor as its address space.
"""

import mmap
import os
from collections.abc import Sequence

from processors.sandbox.shared import Shared

# Several times what all versions of the busiest picture take together. Only what is touched takes memory.
OUTBOX_BYTES = 64 << 20


class Outbox(Shared):
    """The parent's side. `descriptor` is for the child."""

    def __init__(self) -> None:
        super().__init__("darkroom-outbox", OUTBOX_BYTES, mmap.PROT_READ)

    def take(self, lengths: Sequence[int]) -> list[bytes]:
        """Parts of these lengths, one after the other from the beginning. Raises ValueError if there can't be so much.

        They are copies: what the child changes later, it changes in vain.
        """
        if sum(lengths) > OUTBOX_BYTES:
            raise ValueError("the result is longer than its memory")
        parts, start = [], 0
        for length in lengths:
            parts.append(self._memory[start : start + length])
            start += length
        return parts


class Writer:
    """The child's side. Closes the descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._memory = mmap.mmap(descriptor, OUTBOX_BYTES)
        os.close(descriptor)

    def put(self, parts: Sequence[bytes | bytearray | memoryview]) -> None:
        """Write `parts` one after the other, over what was there. Raises ValueError when they are too long."""
        start = 0
        for part in parts:
            self._memory[start : start + len(part)] = part
            start += len(part)
