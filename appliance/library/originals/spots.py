"""Names in open folders: moved over nothing, exchanged in one step, and made to last."""

import ctypes
import errno
import os
from contextlib import suppress
from typing import NamedTuple

from processors.sandbox import kernel

# renameat2(2); linux/fs.h
_RENAMEAT2 = {"x86_64": 316, "aarch64": 276}
_NOREPLACE, _EXCHANGE = 1, 2
# Where a file system (NFS, CIFS, some of FUSE) or an old kernel does not know the flag.
_UNKNOWN = frozenset({errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP})
_ASIDE = ".aside"


class Spot(NamedTuple):
    """folder: a descriptor."""

    folder: int
    name: str

    def stat(self) -> os.stat_result:
        """Of what lies there, be it a link. Raises OSError."""
        return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)

    def exists(self) -> bool:
        """Raises OSError where that can't be said."""
        try:
            self.stat()
        except FileNotFoundError:
            return False
        return True

    def open(self, flags: int = os.O_RDONLY) -> int:
        """A descriptor. Nothing is waited for and no link is followed. Raises OSError."""
        return os.open(self.name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self.folder)

    def unlink(self) -> None:
        """Raises OSError, but not where nothing is there."""
        with suppress(FileNotFoundError):
            os.unlink(self.name, dir_fd=self.folder)


def move(source: Spot, target: Spot) -> None:
    """Raises FileExistsError where the other name is taken, and OSError.

    Where the file system can't say so itself, both names are there for a moment.
    """
    if not _renamed(source, target, _NOREPLACE):
        _link(source, target)
        os.unlink(source.name, dir_fd=source.folder)


def exchange(own: Spot, other: Spot) -> None:
    """Each file gets the other's name. own: in a folder that is nobody else's. Raises OSError.

    In one step: so whatever has got the name `other` meanwhile is still there afterwards, under `own`. Where the file
    system can't do that, `other` still names a whole file at any moment, but what comes between two of the steps is
    lost; and what had that name has a third one in the folder of `own` for so long.
    """
    if _renamed(own, other, _EXCHANGE):
        return
    aside = Spot(own.folder, own.name + _ASIDE)
    aside.unlink()
    _link(other, aside)
    sync(own.folder)
    os.rename(own.name, other.name, src_dir_fd=own.folder, dst_dir_fd=other.folder)
    os.rename(aside.name, own.name, src_dir_fd=aside.folder, dst_dir_fd=own.folder)


def sync(*folders: int) -> None:
    """What these folders name is so after a power loss as well. Raises OSError."""
    for folder in folders:
        try:
            os.fsync(folder)
        except OSError as error:
            # Those that have no such call for folders write them at once.
            if error.errno != errno.EINVAL:
                raise


def _link(source: Spot, target: Spot) -> None:
    os.link(source.name, target.name, src_dir_fd=source.folder, dst_dir_fd=target.folder, follow_symlinks=False)


def _renamed(source: Spot, target: Spot, flag: int) -> bool:
    """Whether the file system knows the flag; if so, it is done."""
    names = [ctypes.c_char_p(os.fsencode(spot.name)) for spot in (source, target)]
    try:
        number = _RENAMEAT2[kernel.machine()]
        kernel.syscall(number, source.folder, names[0], target.folder, names[1], flag)
    except OSError as error:
        if error.errno in _UNKNOWN or error.errno is None:
            return False
        # With the system's own words, and as the kind of error that it is.
        raise OSError(error.errno, os.strerror(error.errno)) from None
    return True
