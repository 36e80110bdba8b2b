"""The block devices of this machine, as lsblk(8) tells of them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ops.disks.system import run

COLUMNS = "PATH,TYPE,SIZE,SERIAL,MODEL,TRAN,RO,MOUNTPOINTS"
WHOLE = ("disk", "loop")
SWAP = "[SWAP]"


@dataclass(frozen=True)
class Device:
    """One device; `below` are its partitions, and what volume managers or encryption have made of it."""

    path: str
    kind: str
    """disk, part, loop, lvm, crypt, raid1, …"""
    size: int
    """Bytes."""
    serial: str = ""
    model: str = ""
    transport: str = ""
    """sata, sas, nvme, usb, …; "" where the kernel doesn't say."""
    read_only: bool = False
    mounts: tuple[str, ...] = ()
    below: tuple["Device", ...] = ()

    def all(self) -> Iterator["Device"]:
        """This device, and all that is below it."""
        yield self
        for device in self.below:
            yield from device.all()

    @property
    def mounted(self) -> tuple[str, ...]:
        """Where it or anything below it is mounted now, `[SWAP]` for what is swapped to."""
        return tuple(place for device in self.all() for place in device.mounts)


def parse(text: str) -> list[Device]:
    """The devices in what `lsblk --json --bytes --output COLUMNS` says."""
    return [_device(row) for row in json.loads(text).get("blockdevices", [])]


def _device(row: Mapping[str, Any]) -> Device:
    return Device(
        path=row["path"],
        kind=row.get("type") or "",
        size=int(row.get("size") or 0),
        serial=(row.get("serial") or "").strip(),
        model=(row.get("model") or "").strip(),
        transport=row.get("tran") or "",
        read_only=bool(row.get("ro")),
        mounts=tuple(place for place in row.get("mountpoints") or () if place),
        below=tuple(_device(child) for child in row.get("children", ())),
    )


def found() -> list[Device]:
    """The devices of this machine; empty loop devices are left out. Raises ToolFailed."""
    return parse(run("lsblk", "--json", "--bytes", "--output", COLUMNS))


def at(devices: Sequence[Device], path: str) -> Device | None:
    """The device with this path, at whatever depth."""
    return next((one for top in devices for one in top.all() if one.path == path), None)
