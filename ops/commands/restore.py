"""`./ops/restore`: an empty appliance is filled from a backup."""

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from ops.commands import options
from ops.commands.backup import opened
from ops.commands.serving import CannotRun
from ops.folder import RESTORING, DataFolder
from ops.quantities import bytes_told
from ops.setup.say import say

if TYPE_CHECKING:
    from storage.inspection import Inspector

EPILOG = """\
The data folder has to be a new one, or one in which this restore was begun before: it goes on where it was. Nothing but
database and storage runs meanwhile; afterwards start it with ./ops/up, and let ./ops/verify --deep look at all of it.
Clients that follow events are told to read their lists again, since the restored stream may lack what they know. API
keys are those of the backup; tokens, links and forms from before are good no more.

On several hosts it is typed on the one of ledger and queue, after ./ops/host install on all of them, while nothing runs
but storage everywhere and, on that host, also postgres and the gateway (systemctl start darkroom-storage …). Until it
has ended nothing else is started there, nor are the others let in.

The ledger always comes from the store; with --objects the bytes come from a second site, whose key (one that may read
is enough) is given as access:secret in DARKROOM_REPLICA_KEY. They are compared with the ledger's SHA-256 all the same.

Exit codes: 0 everything is restored; 1 the store has lost some objects, the rest is restored; 2 it was not restored.
"""


EMPTY = (
    "It needs a database without a ledger, and drives without files. On hosts that were started before: stop "
    "everything, remove the postgres folder in the data folder and make the drives anew, if you want "
    "nothing of what is there."
)
ON_ONE = "Start it with ./ops/up"
ON_HOSTS = "Start everything: systemctl start darkroom.target on each host"


def main() -> int:
    given = parse(sys.argv[1:])
    folder = options.folder(given)
    try:
        told = asked(given, folder)
    except CannotRun as reason:
        say(f"darkroom: {reason}")
        return 2
    print(json.dumps(told, indent=1) if given.json else text(told))
    return 1 if told["damaged"] else 0


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("restore", "Fills an empty appliance from a backup.", EPILOG)
    made.add_argument("--from", dest="store", required=True, metavar="STORE", help="as ./ops/backup --to was given it")
    made.add_argument("--at", metavar="STAMP", help="which backup, as ./ops/backup --list shows it (default: the last)")
    made.add_argument(
        "--objects", metavar="URL", help="read the objects from a second site (./ops/replicate), not from the store"
    )
    made.add_argument("--json", action="store_true", help="the result for a script")
    return made.parse_args(arguments)


def asked(given: argparse.Namespace, folder: DataFolder) -> dict[str, Any]:
    """Restores. Raises CannotRun."""
    from ops.backups import catalogue, filling
    from ops.backups.stores import StoreError

    store = opened(given.store)
    try:
        manifest = catalogue.manifest(store, given.at)
    except StoreError as error:
        raise CannotRun(f"{given.store}: {error}") from error
    hosted = folder.hosted()
    if not hosted:
        folder.make()
    if not folder.take():
        raise CannotRun(
            f"an appliance is running in {folder.path}\n  → A backup is restored into a new folder: --data DIR"
        )
    begun = folder.read(RESTORING)
    if begun and begun.get("stamp") != manifest.stamp:
        raise CannotRun(
            f"the restore of {begun.get('stamp')} was begun here\n  → Go on with that one: --at {begun.get('stamp')}"
        )
    if hosted:
        _sure_to_be_alone(folder)
    elif not begun and (folder.postgres / "PG_VERSION").exists():
        raise CannotRun(
            f"{folder.path} has an appliance's data\n  → A backup is restored into a new folder: --data DIR"
        )
    folder.write(RESTORING, {"stamp": manifest.stamp, "from": given.store})
    try:
        quiet = given.json or not sys.stderr.isatty()
        told = filling.fill(folder, store, manifest, bool(begun), quiet, replica=replica(given.objects))
    except filling.NotFilled as failure:
        # Without the mark it was refused before anything was done.
        again = "Type it again: it goes on where it was." if folder.read(RESTORING) else EMPTY
        raise CannotRun(f"not restored: {failure}\n  → {again}") from failure
    (folder.path / RESTORING).unlink()
    return told | {"next": ON_HOSTS if hosted else ON_ONE}


def _sure_to_be_alone(folder: DataFolder) -> None:
    """Raises CannotRun unless postgres runs on this host, and nothing that would change what is being restored."""
    from ops.backups import filling

    try:
        filling.alone(folder)
    except filling.NotFilled as reason:
        only = "systemctl stop darkroom.target, then systemctl start darkroom-storage; here darkroom-postgres and"
        raise CannotRun(f"{reason}\n  → On each host {only} darkroom-gateway, too.") from reason


def replica(url: str | None) -> "Inspector | None":
    """The second site at `url`, if there is one. Raises CannotRun."""
    if not url:
        return None
    from storage.inspection import Inspector

    access, _, secret = os.environ.get("DARKROOM_REPLICA_KEY", "").partition(":")
    if not secret:
        raise CannotRun("the key of the second site is to be given as access:secret in DARKROOM_REPLICA_KEY")
    return Inspector(url, access, secret)


def text(told: dict[str, Any]) -> str:
    lines = [
        f"restored {told['stamp']} in {told['seconds']:.1f} s",
        f"object versions {told['objects']:,}, {bytes_told(told['bytes'])}",
    ]
    if told["damaged"]:
        lines.append(f"lost or damaged in the store, and so missing now {len(told['damaged'])}")
        lines += [f"  {one}" for one in told["damaged"][:20]]
    lines.append(f"{told['next']}; ./ops/verify --deep compares all of it.")
    return "\n".join(lines)


if __name__ == "__main__":
    options.run(main, crashed=2)
