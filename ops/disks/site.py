"""What this machine has: places, devices, what is recorded of them, and the server that knows the state of each."""

import os
import pwd
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.commands.serving import CannotRun
from ops.disks import devices, prepare, record, slots
from ops.disks.devices import Device
from ops.disks.mounting import mounts
from ops.disks.prepare import Order, Refused
from ops.disks.slots import Places, Slot
from ops.folder import DataFolder
from ops.setup import account
from storage import sets
from storage.errors import StorageError
from storage.sets import Sets

URL, ROOT = "DARKROOM_STORAGE_URL", "DARKROOM_STORAGE_ROOT"


@dataclass(frozen=True)
class Here:
    places: Places
    data: DataFolder | None
    """None on a host whose drives belong to no data folder."""
    devices: Sequence[Device]
    slots: Sequence[Slot]
    ask: Callable[[], Sets] | None
    """Asks the server; None where there is none to be asked, see `silence`."""
    silence: str = ""


def here(data: DataFolder, folder: str | None, asking: bool | None = None) -> Here:
    """This machine with the drives of `data`, or those at `folder`/1, `folder`/2, ….

    asking: True if the server has to answer, False if it is not asked. Raises CannotRun, StorageError, ToolFailed.
    """
    places = Places(Path(folder).resolve()) if folder else slots.of_appliance(data)
    ask, silence, told = None, "", Sets((), 0, 0)
    if asking is not False:
        try:
            ask = _of_cluster(os.environ) if folder else _of_appliance(data)
            told = ask()
        except (CannotRun, StorageError) as error:
            if asking:
                raise
            silence = str(error).replace("\n", " ")
    found = devices.found()
    recorded = {} if folder else data.read(record.FILE)
    known = slots.known(places, recorded, found, told.drives)
    return Here(places, None if folder else data, found, known, ask, silence)


def _of_appliance(data: DataFolder) -> Callable[[], Sets]:
    from ops import planning

    if not (data.path.is_dir() and data.holder()):
        raise CannotRun(f"nothing is running in {data.path}, so the storage server can't be asked\n  → ./ops/up")
    try:
        plan = planning.known(data, dict(os.environ))
    except planning.NotKnown as reason:
        raise CannotRun(str(reason)) from reason
    if "storage" not in plan.ports:
        raise CannotRun(f"the storage of this appliance is elsewhere ({URL} is set)\n  → Ask there.")
    return _asking(plan.services.storage_url, plan.credentials.storage_root)


def _of_cluster(environment: Mapping[str, str]) -> Callable[[], Sets]:
    url, root = environment.get(URL), environment.get(ROOT)
    if not url or not root:
        raise CannotRun(f"which storage server to ask is not known\n  → Set {URL} and {ROOT} (access:secret).")
    return _asking(url, root)


def _asking(url: str, root: str) -> Callable[[], Sets]:
    access, _, secret = root.partition(":")
    return lambda: sets.asked(url, access, secret)


def device(here: Here, name: str) -> Device:
    """The device that is called so; a link to it will do. Raises Refused."""
    path = os.path.realpath(name)
    found = devices.at(here.devices, path)
    if found is None:
        raise Refused(f"there is no device {name}\n  → ./ops/drives list shows what there is.")
    return found


def orders(here: Here, names: Sequence[str], destroy: bool) -> list[Order]:
    """An order for each of the devices, at the first places that are free. Raises Refused, ToolFailed or OSError."""
    chosen = [device(here, name) for name in names]
    if len({one.path for one in chosen}) < len(chosen):
        raise Refused("a device is named twice")
    recorded = list(here.data.read(record.FILE)) if here.data else []
    free = here.places.free(recorded, mounts(), len(chosen))
    if len(free) < len(chosen):
        raise Refused(
            f"{here.places.base} has {len(free)} free places for {len(chosen)} drives\n"
            "  → A place with a drive gets another by ./ops/drives replace; one with data of its own is not taken."
        )
    return [prepare.order(one, place, destroy) for one, place in zip(chosen, free, strict=True)]


def made(data: DataFolder, folder: str | None) -> tuple[int, int]:
    """Makes the folder that the places are in; user and group of the account that the server runs as."""
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        service = pwd.getpwnam(account.NAME)
        return service.pw_uid, service.pw_gid
    if not data.path.exists():
        account.give(account.ensure(), data.path)
    owner = data.path.stat()
    base = data.path / "drives"
    base.mkdir(mode=0o700, exist_ok=True)
    os.chown(base, owner.st_uid, owner.st_gid)
    return owner.st_uid, owner.st_gid


def record_now(data: DataFolder) -> None:
    """What is mounted now is known from here on."""
    record.write(data)
