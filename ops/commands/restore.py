"""`./ops/restore`: an empty appliance is filled from a backup."""

import argparse
import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ops.commands import options
from ops.commands.backup import opened
from ops.commands.serving import CannotRun
from ops.folder import RESTORING, DataFolder
from ops.host.say import say
from ops.quantities import bytes_told

if TYPE_CHECKING:
    from ops.inventory import Part
    from ops.services import Plan

NEEDED = ("postgres", "valkey", "storage")
EPILOG = """\
The data folder has to be a new one, or one in which this restore was begun before: it goes on where it was. Nothing but
database and storage runs meanwhile; afterwards start it with ./ops/up, and let ./ops/verify --deep look at all of it.
Clients that follow events are told to read their lists again, since the restored stream may lack what they know. API
keys are those of the backup; tokens, links and forms from before are good no more.

Exit codes: 0 everything is restored; 1 the store has lost some objects, the rest is restored; 2 it was not restored.
"""


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
    made.add_argument("--json", action="store_true", help="the result for a script")
    return made.parse_args(arguments)


def asked(given: argparse.Namespace, folder: DataFolder) -> dict[str, Any]:
    """Restores. Raises CannotRun."""
    from ops import running
    from ops.backups import catalogue
    from ops.backups.stores import StoreError

    try:
        manifest = catalogue.manifest(opened(given.store), given.at)
    except StoreError as error:
        raise CannotRun(f"{given.store}: {error}") from error
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
    if not begun and (folder.postgres / "PG_VERSION").exists():
        raise CannotRun(
            f"{folder.path} has an appliance's data\n  → A backup is restored into a new folder: --data DIR"
        )
    folder.write(RESTORING, {"stamp": manifest.stamp, "from": given.store})
    work = _Work(given, folder, manifest, bool(begun))
    outcome = running.execute(folder, dict(os.environ), False, work.begin, only_what_is_needed, "restoring")
    if work.failure or outcome.failure or not work.told:
        raise CannotRun(
            f"not restored: {work.failure or outcome.failure or 'interrupted'}\n  → Type it again: it goes on."
        )
    (folder.path / RESTORING).unlink()
    return work.told


def only_what_is_needed(plan: "Plan", environment: Mapping[str, str]) -> "list[Part]":
    from ops import inventory

    return [part for part in inventory.parts(plan, environment) if part.name in NEEDED]


class _Work:
    """What is done once database and storage are well."""

    def __init__(self, given: argparse.Namespace, folder: DataFolder, manifest: Any, begun: bool) -> None:
        self._given, self._folder, self._manifest, self._begun = given, folder, manifest, begun
        self.told: dict[str, Any] = {}
        self.failure = ""

    def begin(self) -> None:
        self._task = asyncio.create_task(self._all())

    async def _all(self) -> None:
        from appliance.errors import DomainError
        from ops.backups.restore import NotEmpty, RestoreFailed
        from ops.backups.stores import StoreError, WrongBytes
        from storage.objects import StorageError

        try:
            self.told = await self._restored()
        except NotEmpty as error:
            self.failure = str(error)
            (self._folder.path / RESTORING).unlink()  # or the next try would take what is there for its own
        except (DomainError, StorageError, StoreError, WrongBytes, RestoreFailed, OSError) as error:
            self.failure = str(error)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)  # the supervisor's sign to end the parts

    async def _restored(self) -> dict[str, Any]:
        from ops import locate, planning, variables
        from ops.backups import restore
        from ops.backups.bars import Bar

        environment, began = dict(os.environ), time.monotonic()
        plan = planning.known(self._folder, environment)
        os.environ.update(variables.for_role("migrate", plan, environment))
        services, root = plan.services, plan.credentials.storage_root
        target = restore.Target(services.database_url, locate.postgres(plan.folder), services.storage_url, root)
        with Bar("restored", self._given.json or not sys.stderr.isatty()) as bar:
            bar.found(self._manifest.objects, self._manifest.size)
            store = opened(self._given.store)
            done = await restore.restore(target, store, self._manifest, self._folder.path, self._begun, bar.done)
        return {**vars(done), "stamp": self._manifest.stamp, "seconds": round(time.monotonic() - began, 1)}


def text(told: dict[str, Any]) -> str:
    lines = [
        f"restored {told['stamp']} in {told['seconds']:.1f} s",
        f"object versions {told['objects']:,}, {bytes_told(told['bytes'])}",
    ]
    if told["damaged"]:
        lines.append(f"lost or damaged in the store, and so missing now {len(told['damaged'])}")
        lines += [f"  {one}" for one in told["damaged"][:20]]
    lines.append("Start it with ./ops/up; ./ops/verify --deep compares all of it.")
    return "\n".join(lines)


if __name__ == "__main__":
    options.run(main, crashed=2)
