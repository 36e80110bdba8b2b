"""A second source for a program of the sandbox: a descriptor that it finds open besides its standard input."""

import os
from types import TracebackType
from typing import Self

from processors.sandbox.streams import Source, readable


class Beside:
    """`source` to be read at descriptor `number`, opened anew: bytes, or a regular file's descriptor, see `Streams`.

    Use as a context around `execute`. Raises OSError, ValueError as `Streams` does.
    """

    def __init__(self, source: Source) -> None:
        self.number = readable(source)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self.number)
