"""A program's three streams: its source, what it makes, what it says."""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator

from processors.sandbox import memfd

SAID_BYTES = 65_536
Source = bytes | memoryview | int


class Streams:
    """Descriptors for one run: `source` to read, `made` to write, `said` for messages. `close` closes them.

    source: bytes, which are copied to a sealed memory file and so had better be few, or the descriptor of a file of any
    size. target: the
    descriptor of a file that is to be written from its beginning; without, what is made is held in memory. Both are
    opened anew: a position that two runs share would be moved by each. Raises OSError, ValueError for a descriptor
    of anything but a regular file: of others nobody knows when they end.
    """

    def __init__(self, source: Source, target: int | None) -> None:
        self._in_memory = target is None
        with contextlib.ExitStack() as held:
            self.source = held.enter_context(_closing(readable(source)))
            self.made = held.enter_context(_closing(_loose() if target is None else _writable(target)))
            self.said = held.enter_context(_closing(_loose()))
            self._held = held.pop_all()

    def close(self) -> None:
        self._held.close()

    def data(self) -> memoryview:
        """What was made, once the program has ended: nothing where it went to a target."""
        if not self._in_memory:
            return memoryview(b"")
        fcntl.fcntl(self.made, fcntl.F_ADD_SEALS, memfd.SEALS)
        return memfd.view(self.made)

    def end(self) -> str:
        """The end of what it said."""
        return os.pread(self.said, SAID_BYTES, max(0, os.fstat(self.said).st_size - SAID_BYTES)).decode(
            errors="replace"
        )

    def text(self) -> tuple[str, bool]:
        """The beginning of what it said, and whether that isn't all."""
        beginning = os.pread(self.said, SAID_BYTES, 0).decode(errors="replace")
        return beginning, os.fstat(self.said).st_size > SAID_BYTES


def readable(source: Source) -> int:
    """A descriptor of its own to read `source` from the beginning; the caller closes it. Raises as `Streams` does."""
    if not isinstance(source, int):
        copied = memfd.sealed([source])
        os.lseek(copied, 0, os.SEEK_SET)
        return copied
    return _anew(source, os.O_RDONLY)


def _writable(target: int) -> int:
    """Emptied, if there is anything: to truncate an empty file would give back the room that was set aside for it."""
    opened = _anew(target, os.O_WRONLY)
    try:
        if os.fstat(opened).st_size:
            os.ftruncate(opened, 0)
    except OSError:
        os.close(opened)
        raise
    return opened


def _anew(descriptor: int, flags: int) -> int:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        raise ValueError("only regular files go through the sandbox")
    return os.open(f"/proc/self/fd/{descriptor}", flags | os.O_CLOEXEC)


def _loose() -> int:
    return os.memfd_create("darkroom-output", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)


@contextlib.contextmanager
def _closing(descriptor: int) -> Iterator[int]:
    try:
        yield descriptor
    finally:
        os.close(descriptor)
