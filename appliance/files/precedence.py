"""Photos go first on their machine: whoever works on one notes it, and encoders stand still meanwhile.

Each worker has a file of eight bytes that it keeps mapped: noting it costs no call of the system, and looking at it no
more.
"""

import mmap
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = "urgent"  # in the data folder
FRESH_SECONDS = 2.0  # so long a note counts: its worker may have been killed, or is at something that takes its time
LOOK_SECONDS = 1.0  # between two looks which workers there are

_SINCE = struct.Struct("d")  # when the newest of what is urgent was begun, by the monotonic clock; 0: nothing is


class Urgent:
    """What one worker notes."""

    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / name
        path.write_bytes(bytes(_SINCE.size))
        self._note = _mapped(path)
        self._under_way = 0

    @contextmanager
    def work(self) -> Iterator[None]:
        """For the block that others step back for."""
        self._under_way += 1
        _SINCE.pack_into(self._note, 0, time.monotonic())
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                _SINCE.pack_into(self._note, 0, 0.0)


class Watch:
    """What all workers of a machine note."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._notes: dict[Path, mmap.mmap] = {}
        self._looked = 0.0

    def urgent(self) -> bool:
        """Whether one of them is at something urgent."""
        now = time.monotonic()
        if now > self._looked + LOOK_SECONDS:
            self._looked = now
            self._notes |= {path: _mapped(path) for path in self._folder.glob("*") if path not in self._notes}
        return any(_SINCE.unpack_from(note)[0] > now - FRESH_SECONDS for note in self._notes.values())


def _mapped(path: Path) -> mmap.mmap:
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), _SINCE.size)
