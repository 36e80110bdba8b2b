"""Room on disk for files that are too large for memory, while they are worked on."""

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from appliance.errors import Unavailable
from appliance.files.attempts import Unfit
from appliance.ledger.service import Failure

SPARE_BYTES = 1 << 30  # left to the rest of the machine
RESULT = 1.2  # of a file's size: the most that a result has of it, and a little
TOO_LARGE = Failure(
    "no_scratch_room",
    "This file is larger than the disk that files are processed on; whoever runs this server can give it a larger one.",
    "operator",
)


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
    def folder(self, size: int, results: int = 1) -> Iterator[Path]:
        """A folder for the work on a file of `size` bytes, of which up to so many `results` lie there; it is gone
        afterwards. Raises NoRoom, and Unfit where the disk could not hold that if nothing else were on it.
        """
        disk, wanted = shutil.disk_usage(self._path), round(size * (1 + RESULT * results)) + SPARE_BYTES
        if wanted > disk.total:
            raise Unfit(TOO_LARGE, None)
        if wanted > disk.free:
            raise NoRoom(
                f"{size:,} bytes are to be worked on, {wanted:,} wanted and {disk.free:,} free in {self._path}"
            )
        with tempfile.TemporaryDirectory(dir=self._path, ignore_cleanup_errors=True) as folder:
            try:
                yield Path(folder)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                # Somebody else took it meanwhile; the file is not to blame.
                raise NoRoom(f"{self._path} became full while {size:,} bytes were worked on") from error
