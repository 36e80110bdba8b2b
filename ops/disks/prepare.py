"""A drive is made ready: XFS, label, UUID, mount point, mount unit. First it is decided and told, then it is done."""

import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ops.disks import contents, guard
from ops.disks.devices import WHOLE, Device
from ops.disks.mounting import OPTIONS, escaped, mount_unit, mounted_at
from ops.disks.system import ToolFailed, run
from ops.quantities import bytes_told

UNITS = Path("/etc/systemd/system")
SMALLEST = 300 << 20
"""Bytes: what mkfs.xfs refuses to go below."""
MKFS_SECONDS = 1800.0
"""An SSD is told to forget all its blocks first."""


class Refused(Exception):
    """A drive is not taken. Says why."""


@dataclass(frozen=True)
class Order:
    """What is to be done with one drive."""

    device: str
    size: int
    where: Path
    """The place it is mounted at, whose name is its number."""
    uuid: str
    wipe: str = ""
    """What is on it, and is lost; "" for an empty one."""
    serial: str = ""

    @property
    def label(self) -> str:
        return f"darkroom-{self.where.name}"

    @property
    def unit(self) -> str:
        return f"{escaped(str(self.where))}.mount"


def order(device: Device, where: Path, destroy: bool) -> Order:
    """The order for a drive at a place. Raises Refused for one that is in use, or that is not empty, unless `destroy`.

    Raises ToolFailed or OSError if the drive can't be looked at.
    """
    if device.kind not in WHOLE:
        raise Refused(f"{device.path} is no whole drive ({device.kind})")
    if used := contents.in_use(device):
        raise Refused(f"{device.path}: {used}")
    if device.size < SMALLEST:
        raise Refused(f"{device.path} has {bytes_told(device.size)}, and an XFS needs {bytes_told(SMALLEST)}")
    found = contents.holds(device)
    if found and not destroy:
        raise Refused(
            f"{device.path} is not empty: {found}\n  → If nothing of it is needed, add --yes: all of it is lost"
        )
    try:
        escaped(str(where))
    except ValueError as error:
        raise Refused(str(error)) from None
    return Order(device.path, device.size, where, str(uuid.uuid4()), found, device.serial)


def steps(order: Order, units: Path) -> list[str]:
    """What will be done, one line a step."""
    forget = f"forget what is on it: {order.wipe}"
    return [
        *([forget] if order.wipe else []),
        f"make an XFS on it, named {order.label}, UUID {order.uuid}",
        f"make {order.where} a folder that nobody can write into while the drive is missing",
        f"write {units / order.unit}, which mounts it there at every start of the machine",
        "mount it",
    ]


def carry_out(order: Order, owner: tuple[int, int], units: Path, say: Callable[[str], None]) -> None:
    """Does it; `owner` is the account (uid, gid) that the server runs as. Raises ToolFailed or OSError."""
    make(order)
    say(f"  made {order.label} on {order.device}")
    take_place(order, owner, units)
    say(f"  mounted at {order.where}")


def make(order: Order, again: bool = False) -> None:
    """Makes the file system. What is on the device is lost, as it is if this is ended half-way.

    again: such an end is what is on it now; else mkfs.xfs, too, refuses a device on which it finds something.
    """
    if order.wipe:
        run("wipefs", "--all", "--force", order.device)
        # The kernel forgets the partitions, too; what holds one of them was asked for before.
        run("blockdev", "--rereadpt", order.device, well=(0, 1))
    # -m uuid: it is known, and in the unit, before the file system is there. reflink=0: no two files share blocks here,
    # and the tree that counts such would keep space back for itself.
    options = ("-L", order.label, "-m", f"uuid={order.uuid},reflink=0")
    force = ["-f"] if order.wipe or again else []
    run("mkfs.xfs", "-q", *force, *options, order.device, seconds=MKFS_SECONDS)


def take_place(order: Order, owner: tuple[int, int], units: Path) -> None:
    """Mount point, unit and mount of a drive that is made. Can be done again if it was ended half-way."""
    if mounted_at(order.where) is None:
        guard.close(order.where, firmly=True)
    units.mkdir(parents=True, exist_ok=True)
    name, text = mount_unit(order.uuid, str(order.where))
    (units / name).write_text(text)
    if mounted_at(order.where) is None:
        _mount(order, units)
    os.chown(order.where, *owner)
    order.where.chmod(0o700)


def _mount(order: Order, units: Path) -> None:
    if systemd_runs() and units == UNITS:
        run("systemctl", "daemon-reload")
        run("systemctl", "enable", "--now", order.unit, seconds=120)
    if mounted_at(order.where) is None:
        run("mount", "-t", "xfs", "-o", OPTIONS, order.device, str(order.where))
    if mounted_at(order.where) is None:
        raise ToolFailed(f"{order.device} does not show at {order.where} after it was mounted")


def systemd_runs() -> bool:
    """As sd_booted(3) finds out."""
    return Path("/run/systemd/system").is_dir()
