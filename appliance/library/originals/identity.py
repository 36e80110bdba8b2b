"""Which file it is, and what is in it."""

import hashlib
import os
import stat
from typing import NamedTuple

from appliance.library.originals.hindrances import Hindrance, NotDone, failed
from appliance.library.originals.spots import Spot


class Identity(NamedTuple):
    """What stays the same as long as nobody writes to a file; size: bytes, mtime_ns: since 1970."""

    device: int
    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, facts: os.stat_result) -> "Identity":
        return cls(facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns)


class Original(NamedTuple):
    """A file as it was when it was read. ctime_ns: since 1970, set by the kernel alone; sha256: in hex."""

    path: str
    identity: Identity
    ctime_ns: int
    sha256: str


def read(path: str, descriptor: int) -> Original | NotDone:
    """The file behind a descriptor, read whole. Raises OSError."""
    before = os.fstat(descriptor)
    sha256 = digest(descriptor)
    after = os.fstat(descriptor)
    if (Identity.of(before), before.st_ctime_ns) != (Identity.of(after), after.st_ctime_ns):
        return NotDone(Hindrance.CHANGED, "it was written to while it was read")
    return Original(path, Identity.of(after), after.st_ctime_ns, sha256)


def look(path: str) -> Original | NotDone:
    """The file of this name, read whole."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return failed(error)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return NotDone(Hindrance.CHANGED, "it is no regular file")
        return read(path, descriptor)
    except OSError as error:
        return failed(error)
    finally:
        os.close(descriptor)


def digest(descriptor: int) -> str:
    """SHA-256 in hex, from the beginning on. Raises OSError."""
    with open(descriptor, "rb", buffering=0, closefd=False) as file:
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()


def holds(spot: Spot, *files: tuple[int, str]) -> str | None:
    """Which of the files, each a size in bytes and a SHA-256 in hex, lies there: its SHA-256; None for another one.

    Raises FileNotFoundError where nothing lies there, and OSError.
    """
    facts = spot.stat()
    if not stat.S_ISREG(facts.st_mode) or facts.st_size not in {size for size, _ in files}:
        return None
    descriptor = spot.open()
    try:
        found = digest(descriptor)
    finally:
        os.close(descriptor)
    return found if found in {sha256 for _, sha256 in files} else None
