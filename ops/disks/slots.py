"""The places for drives of this machine, numbered as the server is given them, and what is at each of them now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.disks import record
from ops.disks.devices import Device, at
from ops.disks.mounting import Mount, holding
from ops.folder import DRIVES, DataFolder
from storage.health import Drive

MOST = 999
"""The label of a file system has room for this many: darkroom-999."""


@dataclass(frozen=True)
class Places:
    """The folders `base`/1, `base`/2, … that drives are mounted at; `most` of them at most."""

    base: Path
    most: int = MOST

    @property
    def all(self) -> list[Path]:
        """Those that are there, by their number."""
        numbers = (int(one.name) for one in self.base.iterdir() if one.name.isdecimal()) if self.base.is_dir() else ()
        return [self.base / str(number) for number in sorted(numbers)]

    def free(self, taken: Sequence[str], now: Sequence[Mount], count: int) -> list[Path]:
        """The first `count` that have no drive, are empty, and are not in `taken`; fewer, if there are no more."""
        found: list[Path] = []
        for number in range(1, self.most + 1):
            place = self.base / str(number)
            if len(found) == count:
                break
            if place.name not in taken and not _used(place, now):
                found.append(place)
        return found


def of_appliance(data: DataFolder) -> Places:
    return Places(data.path / "drives", DRIVES)


def _used(place: Path, now: Sequence[Mount]) -> bool:
    on = holding(str(place), now)
    return bool(on and on.at == str(place)) or (place.exists() and any(place.iterdir()))


@dataclass(frozen=True)
class Slot:
    """One place and what is known of it."""

    where: Path
    mount: Mount | None
    """What is mounted at this very place."""
    device: Device | None
    uuid: str
    """Of the file system that is mounted; else of the one that was at an earlier start; "" where none is known."""
    was: str
    """The device of an earlier start, if nothing is mounted."""
    stored: Drive | None
    """What the server says of it; None if it was not asked or doesn't know the place."""

    @property
    def names(self) -> set[str]:
        """All that this drive may be called by."""
        serial = self.device.serial if self.device else ""
        source = self.mount.source if self.mount else self.was
        return {name for name in (self.where.name, str(self.where), self.uuid, serial, source) if name}


def known(
    places: Places, recorded: Mapping[str, Mapping[str, str]], devices: Sequence[Device], stored: Sequence[Drive]
) -> list[Slot]:
    """What is at each place now. `recorded`: by number, what record.py wrote down at the last start."""
    from ops.disks.mounting import mounts

    now, of_server = mounts(), {drive.path: drive for drive in stored}
    return [_slot(place, recorded.get(place.name, {}), now, devices, of_server) for place in places.all]


def _slot(
    place: Path,
    recorded: Mapping[str, str],
    now: Sequence[Mount],
    devices: Sequence[Device],
    stored: Mapping[str, Drive],
) -> Slot:
    path = str(place)
    on = holding(path, now)
    mount = on if on and on.at == path else None
    device = at(devices, mount.source) if mount else None
    uuid = record.xfs_uuid(place) if mount else recorded.get("uuid", "")
    return Slot(place, mount, device, uuid, "" if mount else recorded.get("source", ""), stored.get(path))
