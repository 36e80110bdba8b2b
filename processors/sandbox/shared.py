"""Memory that the parent shares with one child: made once, and of one size for ever."""

import contextlib
import fcntl
import mmap
import os
from collections.abc import Iterator

FIXED = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


class Shared:
    """The parent's side. `descriptor` is for the child."""

    def __init__(self, name: str, size: int, protection: int, seals: int = FIXED) -> None:
        """`size` bytes, mapped here with `protection` (mmap(2)) before `seals` (fcntl(2)) are set."""
        self.descriptor = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(self.descriptor, size)
            self._memory = mmap.mmap(self.descriptor, size, prot=protection)
            fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, seals)
        except BaseException:
            os.close(self.descriptor)
            raise

    @contextlib.contextmanager
    def handing_over(self) -> Iterator[None]:
        """Around starting the child: its descriptor is closed on this side afterwards."""
        try:
            yield
        finally:
            os.close(self.descriptor)

    def close(self) -> None:
        self._memory.close()
