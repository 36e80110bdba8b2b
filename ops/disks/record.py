"""Which folders of an appliance are drives of their own: recorded at a start, and looked for at every later one."""

import fcntl
import os
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ops.disks import guard
from ops.disks.mounting import Mount, holding, mounts
from ops.folder import DataFolder

FILE = "drives.json"
_XFS_GEOMETRY = 0x80705864  # XFS_IOC_FSGEOMETRY_V1; linux, fs/xfs/libxfs/xfs_fs.h
_GEOMETRY_BYTES, _UUID_AT = 112, 64


@dataclass(frozen=True)
class Missing:
    """A folder on which there was a drive at an earlier start, and is none now."""

    folder: Path
    was: str
    """What it was: device and UUID."""

    def __str__(self) -> str:
        return f"the drive of {self.folder} is not mounted ({self.was})"


def missing(data: DataFolder, now: Sequence[Mount] | None = None) -> list[Missing]:
    """The drives of an earlier start that are not mounted now."""
    seen = mounts() if now is None else now
    known = data.read(FILE)
    return [
        Missing(folder, _told(known[folder.name]))
        for folder in data.drives
        if folder.name in known and not _own(data, folder, seen)
    ]


def _told(known: dict[str, Any]) -> str:
    return f"{known['source']}, UUID {known['uuid']}" if known.get("uuid") else str(known["source"])


def check(data: DataFolder, say: Callable[[str], None]) -> list[Missing]:
    """At a start, by the holder of the lock: records the drives that are there, and returns those that are missing.

    The folder of a missing one is closed, so that the server finds a drive it can't use, and goes on without.
    """
    now = mounts()
    gone = missing(data, now)
    for one in gone:
        say(f"{one}\n  → Mount it, or give its place to another one: ./ops/drives replace {one.folder.name} DEVICE")
        if not guard.shut(one.folder):
            say(f"  and {one.folder} can be written: take that right away, chmod 0555 {one.folder}")
    write(data, now)
    return gone


def write(data: DataFolder, now: Sequence[Mount] | None = None) -> None:
    """Records what is mounted now; what was known and is missing stays known."""
    seen = mounts() if now is None else now
    known = data.read(FILE)
    found = {folder.name: _described(folder, on) for folder in data.drives if (on := _own(data, folder, seen))}
    if known | found != known:
        data.write(FILE, known | found)
        if os.geteuid() == 0:  # or the account of the appliance could not read what root has written
            owner = data.path.stat()
            os.chown(data.path / FILE, owner.st_uid, owner.st_gid)


def _own(data: DataFolder, folder: Path, now: Sequence[Mount]) -> Mount | None:
    """The drive that the folder is on: neither what the data folder is on, nor the system's disk."""
    on, all_on = holding(os.path.realpath(folder), now), holding(os.path.realpath(data.path), now)
    return on if on and all_on and on.at not in ("/", all_on.at) else None


def _described(folder: Path, on: Mount) -> dict[str, Any]:
    return {"at": on.at, "source": on.source, "type": on.kind, "uuid": xfs_uuid(folder)}


def xfs_uuid(folder: Path) -> str:
    """The UUID of the XFS that this folder is on, as the kernel tells it to everybody; "" for another file system."""
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except OSError:
        return ""
    try:
        told = fcntl.ioctl(handle, _XFS_GEOMETRY, bytes(_GEOMETRY_BYTES))
    except OSError:
        return ""
    finally:
        os.close(handle)
    return str(uuid.UUID(bytes=told[_UUID_AT : _UUID_AT + 16]))
