"""What this machine has: places, devices, what is recorded of them, and the server that knows the state of each."""

import json
import os
import pwd
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ops.clusters import places as of_hosts
from ops.commands.serving import CannotRun
from ops.disks import devices, prepare, record, servers, slots
from ops.disks.devices import Device
from ops.disks.mounting import mounts
from ops.disks.prepare import Order, Refused
from ops.disks.servers import Server
from ops.disks.slots import Places, Slot
from ops.folder import DataFolder
from ops.setup import account
from storage.errors import StorageError
from storage.health import Drive


@dataclass(frozen=True)
class Here:
    places: Places
    data: DataFolder | None
    """None on a host whose drives belong to no data folder."""
    devices: Sequence[Device]
    slots: Sequence[Slot]
    server: Server | None
    """Who knows their state; None if it was not to be asked, see `silence`."""
    silence: str = ""
    host: bool = False
    """Of a cluster, so that its drives stand in an inventory."""


def here(data: DataFolder, folder: str | None, asking: bool | None = None) -> Here:
    """This machine with the drives of `data`, or those at `folder`/1, `folder`/2, ….

    asking: True if the server has to answer, False if it is not asked. Raises CannotRun, StorageError, ToolFailed.
    """
    host = not folder and servers.installed(data)
    base = folder or (str(of_hosts.DRIVES) if host else None)
    places = Places(Path(base).resolve()) if base else slots.of_appliance(data)
    server, silence, drives = None, "", list[Drive]()
    if asking is not False:
        try:
            server = _server(data, folder, host)
            drives = server.own(server.cluster())
        except (CannotRun, StorageError) as error:
            if asking:
                raise
            server, silence = None, str(error).replace("\n", " ")
    found = devices.found()
    recorded = _of_manifest() if host else {} if folder else data.read(record.FILE)
    known = slots.known(places, recorded, found, drives)
    return Here(places, None if base else data, found, known, server, silence, host)


def _server(data: DataFolder, folder: str | None, host: bool) -> Server:
    if host:
        return servers.of_host()
    return servers.of_environment(os.environ) if folder else servers.of_appliance(data, os.environ)


def _of_manifest() -> dict[str, dict[str, str]]:
    """What a host was rendered with; of a drive that is named by its serial no UUID is known."""
    drives = json.loads(of_hosts.MANIFEST.read_text())["drives"]
    return {Path(where).name: {"uuid": name, "source": "the inventory"} for where, name in drives.items()}


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
    recorded = [slot.where.name for slot in here.slots if slot.was]
    free = here.places.free(recorded, mounts(), len(chosen))
    if len(free) < len(chosen):
        raise Refused(
            f"{here.places.base} has {len(free)} free places for {len(chosen)} drives\n"
            "  → A place with a drive gets another by ./ops/drives replace; one with data of its own is not taken."
        )
    return [prepare.order(one, place, destroy) for one, place in zip(chosen, free, strict=True)]


def made(here: Here) -> tuple[int, int]:
    """Makes the folder that the places are in; user and group of the account that the server runs as."""
    data = here.data
    if data is None:
        here.places.base.mkdir(parents=True, exist_ok=True)
        service = pwd.getpwnam(account.NAME)
        return service.pw_uid, service.pw_gid
    if not data.path.exists():
        account.give(account.ensure(), data.path)
    owner = data.path.stat()
    base = data.path / "drives"
    base.mkdir(mode=0o700, exist_ok=True)
    os.chown(base, owner.st_uid, owner.st_gid)
    return owner.st_uid, owner.st_gid
