"""Mounts, as /proc tells of them (proc_pid_mountinfo(5), proc_pid_fdinfo(5))."""

import os
import re
from collections.abc import Iterator
from typing import NamedTuple

_ESCAPED = re.compile(rb"\\([0-7]{3})")


class Mount(NamedTuple):
    """number: while it is mounted; kind: such as `xfs` or `nfs4`."""

    number: int
    place: str
    kind: str


class Where(NamedTuple):
    """What two folders have to share for a file to get from one into the other: bind mounts share a device, and
    subvolumes of Btrfs a mount.
    """

    mount: int
    device: int


def where(path: str) -> Where:
    """Of a folder; links are followed. Raises OSError."""
    descriptor = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        return Where(_number(descriptor), os.fstat(descriptor).st_dev)
    finally:
        os.close(descriptor)


def kind(descriptor: int) -> str:
    """Of the file system that an open file lies on; "" where that is not known. Raises OSError."""
    number = _number(descriptor)
    return next((mount.kind for mount in mounts() if mount.number == number), "")


def mounts() -> Iterator[Mount]:
    """All that this process sees. Raises OSError."""
    with open("/proc/self/mountinfo", "rb") as file:
        for line in file:
            words, _, rest = line.partition(b" - ")
            number, _, _, _, place = words.split(b" ")[:5]
            yield Mount(int(number), os.fsdecode(_ESCAPED.sub(_character, place)), rest.split(b" ")[0].decode())


def _character(found: "re.Match[bytes]") -> bytes:
    return bytes([int(found[1], 8)])


def _number(descriptor: int) -> int:
    with open(f"/proc/self/fdinfo/{descriptor}") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("mnt_id:"))
