"""A folder that a program of the sandbox may write to, and nobody else: of bounded size, gone when it has ended."""

import contextlib
import functools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from processors.sandbox.doors import NOBODY
from processors.sandbox.layers import NAMESPACES, Layer

# Where it is in a file system of one's own. Some programs look nowhere else for a place for what is temporary.
IN_MEMORY = "/tmp"


@dataclass(frozen=True)
class Scratch:
    """`path`, as the program knows it, of at most `most_bytes`. folder: the same from outside, where it is on disk."""

    path: str
    most_bytes: int
    folder: Path | None

    def full(self) -> bool:
        """Whether there is more in it than there may be. In memory the kernel sees to that; elsewhere a file without a
        name is not counted, of which there can be as many as descriptors.
        """
        return self.folder is not None and _held(self.folder) > self.most_bytes

    def of_bubblewrap(self) -> list[str]:
        """The words that make it for a process of bubblewrap's."""
        if self.folder is not None:
            return ["--bind", str(self.folder), self.path]
        return ["--perms", "1777", "--size", str(self.most_bytes), "--tmpfs", self.path]


@contextlib.contextmanager
def scratch_of(layers: Collection[Layer], most_bytes: int) -> Iterator[Scratch | None]:
    """A new one behind these layers; None for no bytes. Raises OSError."""
    if not most_bytes:
        yield None
    elif Layer.UNSHARE in layers or (NAMESPACES & set(layers) and _sizes()):
        yield Scratch(IN_MEMORY, most_bytes, None)
    else:
        with tempfile.TemporaryDirectory(prefix="darkroom-scratch-", ignore_cleanup_errors=True) as folder:
            if os.geteuid() == 0:  # the program is nobody, or where that can't be, root without its rights
                os.chown(folder, NOBODY, 0)
                os.chmod(folder, 0o770)
            yield Scratch(folder, most_bytes, Path(folder))


def bubblewrap() -> str | None:
    """The path of the program, where it is installed."""
    return shutil.which("bwrap", path="/usr/bin:/usr/local/bin:/bin")


@functools.cache
def _sizes() -> bool:
    """Whether bubblewrap can limit a folder in memory, as it can from 0.7 on."""
    told = subprocess.run([bubblewrap() or "bwrap", "--help"], capture_output=True, text=True, check=False)
    return "--size" in told.stdout + told.stderr


def _held(folder: Path) -> int:
    """Bytes of all files in a folder that may change meanwhile; links are not followed."""
    found = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                found += os.lstat(os.path.join(place, name)).st_blocks * 512
    return found
