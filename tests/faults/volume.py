"""A file system of a test's own, in a file: its power can be cut, and it can be filled to the last byte. Needs root."""

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path

CHUNK = 64 << 20
SMALLEST = 4096


class Volume:
    """A file system of so many MiB in the file `image`, an XFS unless said otherwise, mounted at `place`."""

    def __init__(self, image: Path, place: Path, megabytes: int, make: tuple[str, ...] = ("mkfs.xfs", "-q")) -> None:
        self.place = place
        self._image = image
        self._filler = place / "filler"
        with image.open("wb") as file:
            file.truncate(megabytes << 20)
        _run(*make, str(image))
        place.mkdir(exist_ok=True)
        self.mount()

    def mount(self) -> None:
        _run("mount", "-o", "loop", str(self._image), str(self.place))

    def unmount(self, seconds: float = 20) -> None:
        """What was not on the disk when the power was cut is gone with this."""
        limit = time.monotonic() + seconds
        while subprocess.run(["umount", str(self.place)], capture_output=True).returncode:
            assert time.monotonic() < limit, "something still holds the file system"
            time.sleep(0.1)
        # Whoever made mounts of its own in that moment, such as a sandbox, holds it for a little longer: it would be
        # mounted again as it is, without power.
        while self._held():
            assert time.monotonic() < limit, "something still holds the file system"
            time.sleep(0.01)

    def _held(self) -> bool:
        for file in Path("/sys/block").glob("loop*/loop/backing_file"):
            with suppress(OSError):
                if file.read_text().strip() == str(self._image.resolve()):
                    return True
        return False

    def cut_power(self) -> None:
        """From now on nothing is read or written, and nothing that was in memory reaches the disk (xfs_io(8))."""
        _run("xfs_io", "-x", "-c", "shutdown", str(self.place))

    def fill(self) -> None:
        """Takes up all the space there is."""
        with self._filler.open("ab", buffering=0) as file:
            size, chunk = 0, CHUNK
            while chunk >= SMALLEST:
                try:
                    os.posix_fallocate(file.fileno(), size, chunk)
                    size += chunk
                except OSError:
                    chunk //= 2

    def free(self) -> None:
        self._filler.unlink(missing_ok=True)

    def close(self) -> None:
        with suppress(AssertionError):
            self.unmount()
        self._image.unlink()


def _run(*command: str) -> None:
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PATH": path})
