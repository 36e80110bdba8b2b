"""Drives of a test's own: loop devices on sparse files. Needs root."""

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path

PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
MEGABYTES = 1500
"""Larger than a GiB: what is smaller passes for the system's own disk."""


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PATH": PATH}, timeout=60)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


class Loops:
    """`count` of them; `paths` are their devices."""

    def __init__(self, folder: Path, count: int, megabytes: int = MEGABYTES) -> None:
        self.files = [folder / f"drive{number}.img" for number in range(1, count + 1)]
        self.paths: list[str] = []
        for file in self.files:
            with file.open("wb") as empty:
                empty.truncate(megabytes << 20)
            self.paths.append(run("losetup", "--find", "--show", "--partscan", str(file)).strip())

    def erase(self, number: int) -> None:
        """The drive is as it was when it was made."""
        with self.files[number].open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.truncate(0)
            file.truncate(size)
        limit = time.monotonic() + 10
        while True:
            # What the kernel still knows of it is let go, unless somebody looks at the drive in this moment.
            run("blockdev", "--flushbufs", self.paths[number])
            if (
                subprocess.run(["blkid", "-p", self.paths[number]], capture_output=True, env={"PATH": PATH}).returncode
                == 2
            ):
                break
            assert time.monotonic() < limit, f"{self.paths[number]} is not empty"
            time.sleep(0.1)
        # Partitions that were there are forgotten.
        subprocess.run(["blockdev", "--rereadpt", self.paths[number]], capture_output=True, env={"PATH": PATH})

    def close(self) -> None:
        """Unmounts and detaches them all; nobody may use them any more."""
        for path in self.paths:
            for place in mounted(path):
                run("umount", place)
            limit = time.monotonic() + 10
            while subprocess.run(["losetup", "-d", path], capture_output=True, env={"PATH": PATH}).returncode:
                assert time.monotonic() < limit, f"{path} is still in use"
                time.sleep(0.1)
        for file in self.files:
            with suppress(FileNotFoundError):
                file.unlink()


def mounted(device: str) -> list[str]:
    """Where the device is mounted, the last one first."""
    rows = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [row[4] for row in reversed(rows) if row[row.index("-") + 2] == device]


def softened(folder: Path) -> None:
    """Mount points below `folder` were made immutable: they may be removed again."""
    for place in folder.rglob("drives/*"):
        if place.is_dir():
            subprocess.run(["chattr", "-i", str(place)], capture_output=True, env={"PATH": PATH})
