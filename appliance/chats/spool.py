"""What is written now and read once it is its turn: in memory while it is little, then in a file without a name."""

import tempfile
from collections.abc import Iterator

IN_MEMORY = 1 << 20
"""Bytes."""
PIECE = 1 << 20
"""Bytes; small things are joined up to it."""


class Spool:
    """Lines, in the order in which they came."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - it is closed when nobody has it any more

    def add(self, lines: bytes) -> None:
        self._file.write(lines)

    def lines(self) -> Iterator[bytes]:
        """All of them, from the beginning. Nothing may be added while they are read."""
        self._file.seek(0)
        yield from self._file


def joined(parts: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of about PIECE."""
    held: list[bytes] = []
    size = 0
    for part in parts:
        held.append(part)
        size += len(part)
        if size >= PIECE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def array(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Lines of JSON as one array."""
    before = b"[\n"
    for line in lines:
        yield before + line.rstrip(b"\n")
        before = b",\n"
    yield (b"[" if before == b"[\n" else b"\n") + b"]\n"
