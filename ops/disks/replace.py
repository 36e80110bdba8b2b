"""One drive takes the place of another while the server runs: checked, made, changed over, healed, watched.

How far it is shows in what is there: the file system on the new drive, and what is mounted at the place. Only what
can't be seen there is written down, so that the next call goes on after any end, a kill or a power cut as well.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ops.disks import contents, guard, margin, prepare, record
from ops.disks.devices import Device
from ops.disks.mounting import mounted_at
from ops.disks.prepare import Order, Refused
from ops.disks.slots import Slot
from ops.disks.system import ToolFailed, run
from ops.quantities import bytes_told
from storage.errors import StorageUnavailable
from storage.health import Cluster, Drive

FILE = "replacing.json"
BUSY_SECONDS = 20.0
TAKEN_SECONDS = 300.0
"""The server looks for drives every 15 seconds, and for fresh ones every 10 (its cmd/erasure-sets.go)."""
LOOK_SECONDS = 1.0

Say = Callable[[str], None]
Look = Callable[[], tuple[Cluster, Drive | None]]
"""All drives, and the new one, as the server sees them."""


@dataclass(frozen=True)
class Replacement:
    order: Order
    old: str
    """The drive that goes, as it is told."""
    began: float
    """Seconds since 1970."""
    made: bool = False
    """The file system is whole: a half-made one looks the same from outside."""


@dataclass(frozen=True)
class Outcome:
    seconds: float
    """From the first call on."""
    healed: int
    failed: int
    """Object versions."""
    bytes_done: int


class NotTaken(Refused):
    """The server doesn't use the new drive. Says what it says of it."""


def decided(slot: Slot, device: Device, cluster: Cluster, destroy: bool) -> Order:
    """The order for `device` in the place of `slot`. Raises Refused if something speaks against it, or ToolFailed."""
    if slot.stored is None:
        raise Refused(f"the server has no drive at {slot.where}")
    if reason := margin.objection(cluster, slot.stored):
        raise Refused(f"{slot.where} can't be spared now: {reason}\n  → Wait until it is: ./ops/drives list shows it")
    found = prepare.order(device, slot.where, destroy)
    sizes = [one.total for one in margin.set_of(cluster, slot.stored).drives if one.total]
    if sizes and device.size < min(sizes):
        raise Refused(
            f"{device.path} has {bytes_told(device.size)}, and the smallest of its set {bytes_told(min(sizes))}"
        )
    return found


def steps(order: Order, old: str, units: Path) -> list[str]:
    """What will be done, one line a step."""
    make, *place, mount = prepare.steps(order, units)[-4:]
    forget = prepare.steps(order, units)[:-4]
    return [
        *forget,
        make,
        *place,
        f"unmount {old}; the server goes on with the other drives",
        f"{mount}; the server finds it within half a minute, and puts on it what belongs there",
        "watch until everything is there",
    ]


def begun(base: Path) -> Replacement | None:
    """What was begun with a drive of the folder `base` and has not ended."""
    try:
        told: dict[str, Any] = json.loads((base / FILE).read_text())
    except FileNotFoundError:
        return None
    order = told["order"]
    return Replacement(Order(**(order | {"where": Path(order["where"])})), told["old"], told["began"], told["made"])


def same_drive(one: Replacement, device: Device, holds: str, destroy: bool) -> bool:
    """Whether `device`, on which is what contents.holds says, is the drive that this was begun with.

    The name does not tell: after a power cut it may belong to another drive. The UUID does, once that is on it; before,
    it has to be as it was, or to be what a file system looks like that was not finished.
    """
    order = one.order
    if f"UUID {order.uuid}" in holds:
        return True
    if one.made or (device.size, device.serial) != (order.size, order.serial):
        return False
    return holds in ("", order.wipe) or (holds == contents.BYTES and (bool(order.serial) or destroy))


def note(base: Path, one: Replacement) -> None:
    """Writes down that it was begun, and how far it is, in one step."""
    draft = base / f"{FILE}.new"
    with draft.open("w") as file:
        json.dump(asdict(one), file, default=str)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(base / FILE)


def change_over(base: Path, one: Replacement, again: bool, owner: tuple[int, int], units: Path, say: Say) -> None:
    """Everything up to the server's own work; again: it was begun before. Raises ToolFailed or OSError."""
    order = one.order
    if not one.made:
        prepare.make(order, again)
        note(base, Replacement(order, one.old, one.began, made=True))
        say(f"  made {order.label} on {order.device}")
    if record.xfs_uuid(order.where) != order.uuid:
        # While the old drive is still on it: there is no moment in which the server could write beneath.
        guard.close(order.where, firmly=True)
        leave(order.where, order.unit, say)
    prepare.take_place(order, owner, units)
    say(f"  {order.device} is mounted at {order.where}")


def leave(where: Path, unit: str, say: Say) -> None:
    """Unmounts what is at `where`, also while the server has files of it open. Raises ToolFailed."""
    if prepare.systemd_runs():
        run("systemctl", "stop", unit, well=range(256), seconds=120)
    limit = time.monotonic() + BUSY_SECONDS
    while mounted_at(where):
        patient = time.monotonic() < limit
        try:
            run("umount", *([] if patient else ["--lazy"]), str(where))
            say(f"  unmounted {where}")
        except ToolFailed:
            if not patient:
                raise
            time.sleep(0.2)


def healed(one: Replacement, look: Look, say: Say, told: Callable[[int, int], None]) -> Outcome:
    """Waits until the server has put everything on the new drive, telling `told` bytes done and of how many.

    Raises NotTaken if it doesn't begin.
    """
    limit, begins = time.monotonic() + TAKEN_SECONDS, False
    for cluster, drive in _looks(look):
        heal = (drive.filling or drive.filled) if drive else None
        if drive and heal and not begins:
            begins = True
            say("  the server heals it")
        if drive and heal:
            used = [other.total - other.free for other in margin.set_of(cluster, drive).drives]
            told(drive.total - drive.free, max(used))
            if drive.whole and drive.filled:
                return Outcome(time.time() - one.began, heal.done, heal.failed, heal.done_bytes)
        elif time.monotonic() > limit:
            said = drive.condition if drive else "it does not know it"
            raise NotTaken(f"the server has not taken {one.order.where}: {said}")
    raise AssertionError("it looks for ever")


def _looks(look: Look) -> Iterator[tuple[Cluster, Drive | None]]:
    """The drive as the server sees it, again and again; one that can't be asked now is asked later."""
    while True:
        try:
            yield look()
        except StorageUnavailable:
            yield Cluster((), ()), None
        time.sleep(LOOK_SECONDS)


def end(base: Path) -> None:
    """It is done: nothing is left to go on with."""
    (base / FILE).unlink(missing_ok=True)


@contextmanager
def alone(base: Path) -> Iterator[None]:
    """Only one call at a time works on the drives of `base`. Raises Refused."""
    handle = os.open(base, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("another ./ops/drives is at work here\n  → Wait until it has ended.") from None
        yield
    finally:
        os.close(handle)
