"""A pipe on which a running program says how far it is, read without ever waiting."""

import contextlib
import os
from collections.abc import Callable
from types import TracebackType
from typing import Self

# Ten times a second: nobody who says more gets more of the reader's time, its pipe is full and it waits.
CHUNK_BYTES = 4096


class Hearing:
    """`hear` is given what has come, as it comes. The program finds its end as descriptor `number`.

    Use as a context around `execute`, in which the program has to be started once.
    """

    def __init__(self, hear: Callable[[bytes], None]) -> None:
        self._hear = hear
        self._reader, self.number = os.pipe2(os.O_CLOEXEC)
        os.set_blocking(self._reader, False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.handed_over()
        os.close(self._reader)

    def handed_over(self) -> None:
        """Close this side's copy of the program's end."""
        if self.number >= 0:
            os.close(self.number)
            self.number = -1

    def poll(self) -> None:
        """Pass on what is there."""
        with contextlib.suppress(BlockingIOError):
            said = os.read(self._reader, CHUNK_BYTES)
            if said:
                self._hear(said)
