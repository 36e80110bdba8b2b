"""Room on disk for files that are too large for memory, while they are worked on."""

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.errors import Unavailable

SPARE_BYTES = 1 << 30  # left to the rest of the machine
SHARES = 2.2  # of a file's size: itself, what is made of it, and a little


class NoRoom(Unavailable):
    """The disk is too full for a file to be worked on."""

    code = "no_scratch_room"
    title = "There is no room to process this file"


class Scratch:
    """A folder that one process has to itself. What an earlier one left there is removed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True, mode=0o700)

    @contextmanager
    def folder(self, size: int) -> Iterator[Path]:
        """A folder for the work on a file of `size` bytes; it is gone afterwards. Raises NoRoom."""
        free = shutil.disk_usage(self._path).free
        if free < SHARES * size + SPARE_BYTES:
            raise NoRoom(f"{size:,} bytes are to be worked on, and {free:,} are free in {self._path}")
        with tempfile.TemporaryDirectory(dir=self._path, ignore_cleanup_errors=True) as folder:
            try:
                yield Path(folder)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                # Somebody else took it meanwhile; the file is not to blame.
                raise NoRoom(f"{self._path} became full while {size:,} bytes were worked on") from error
