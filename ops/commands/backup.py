"""`./ops/backup`: ledger and objects into a folder or another S3."""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ops.backups import kept
from ops.commands import keeping, options
from ops.commands.serving import CannotRun, become
from ops.folder import DataFolder
from ops.quantities import bytes_told
from ops.setup.say import say

if TYPE_CHECKING:
    from ops.backups.stores import Store

EPILOG = """\
The ledger is dumped as of one moment, then each object that it refers to is copied, unless the store has its bytes
from an earlier backup: so only the first one takes long. Every object is compared with the SHA-256 that the ledger has
of it. One that was interrupted counts for nothing, and what it copied is not copied again.

A store is a folder (on another disk, or better in another house), or http[s]://host[:port]/bucket[/prefix] of another
S3, whose key is given as access:secret in DARKROOM_BACKUP_KEY. Whoever reads a store reads all files, and the names in
the ledger: keep it as you keep the data folder. Passwords and keys of this appliance are not in it.

--keep says which backups stay: 7d,4w,12m are the newest of each of the last 7 days, 4 weeks and 12 months that have one
(UTC), 3 the last three. The newest always stays. With --yes the others are removed once this one is made, and every
object that no other backup refers to; without it you are told. --prune does that alone. Nothing is removed while a
backup is being written. A bucket should not be versioned, else its bytes stay.

--schedule makes a backup every day at that time, by the clock of DARKROOM_TIMEZONE, removes what --keep does not keep,
and drills every --drill-days; a running appliance does it by itself, or a timer that calls ./ops/backup --scheduled,
which does what is due. DARKROOM_BACKUP_TO, _AT, _KEEP and _DRILL_DAYS say the same, given to ./ops/up.

Exit codes: 0 everything is in the backup, or what was asked is done; 1 the backup was made without what storage has
lost, or --prune would remove something and --yes was not given; 2 it was not done.
"""


def main() -> int:
    given = parse(sys.argv[1:])
    folder = options.folder(given)
    try:
        told, shown = done(given, folder)
    except CannotRun as reason:
        say(f"darkroom: {reason}")
        return 2
    print(json.dumps(told, indent=1) if given.json else shown(told))
    waits = told.get("removed") is False and (told["backups"] or told["unfinished"] or told["objects"])
    return 1 if told.get("missing") or waits else 0


def done(given: argparse.Namespace, folder: DataFolder) -> tuple[dict[str, Any], Callable[[dict[str, Any]], str]]:
    """What came of what was asked, and how people are told. Raises CannotRun."""
    if given.list:
        return listed(given), _table
    if given.scheduled:
        return keeping.scheduled(folder), keeping.scheduled_text
    if given.schedule:
        return keeping.recorded(given, folder), keeping.recorded_text
    if given.prune:
        told = keeping.pruned(opened(given.to), given.keep, given.yes, keeping.quiet(given))
        return told, keeping.pruned_text
    return asyncio.run(asked(given, folder)), text


def parse(arguments: list[str]) -> argparse.Namespace:
    made = options.parser("backup", "Copies ledger and objects to another place.", EPILOG)
    made.add_argument("--to", metavar="STORE", help="a folder, or http[s]://host/bucket[/prefix]")
    made.add_argument("--keep", type=keeping.policy, metavar="POLICY", help="which backups stay, as 7d,4w,12m")
    made.add_argument("--yes", action="store_true", help="remove the others")
    which = made.add_mutually_exclusive_group()
    which.add_argument("--list", action="store_true", help="show the backups that are there, and make none")
    which.add_argument("--prune", action="store_true", help="make none, only remove those that --keep does not keep")
    which.add_argument("--schedule", metavar="HH:MM|off", help="record that one is to be made every day at this time")
    which.add_argument("--scheduled", action="store_true", help="do what is due by the schedule, if anything is")
    made.add_argument("--drill-days", type=float, default=30.0, metavar="DAYS", help="of the schedule (default 30)")
    made.add_argument("--json", action="store_true", help="the result for a script")
    given = made.parse_args(arguments)
    if not given.to and not given.scheduled and given.schedule != "off":
        made.error("--to is needed")
    if given.prune and not given.keep:
        made.error("--prune needs --keep")
    return given


def opened(where: str) -> "Store":
    """The store at `where`. Raises CannotRun."""
    from ops.backups import stores

    try:
        return stores.at(where, os.environ.get("DARKROOM_BACKUP_KEY"))
    except stores.StoreError as error:
        raise CannotRun(str(error)) from error


def listed(given: argparse.Namespace) -> dict[str, Any]:
    """The finished backups of a store. Raises CannotRun."""
    from dataclasses import asdict

    from ops.backups import catalogue, stores

    store = opened(given.to)
    try:
        return {"backups": [asdict(catalogue.manifest(store, stamp)) for stamp in catalogue.finished(store)]}
    except stores.StoreError as error:
        raise CannotRun(str(error)) from error


async def asked(given: argparse.Namespace, folder: DataFolder) -> dict[str, Any]:
    """Makes one. Raises CannotRun."""
    plan = become("backup", folder)
    from appliance.config import current
    from appliance.errors import DomainError
    from appliance.ledger.database import pool
    from appliance.upkeep.confirm import Degraded
    from ops import locate
    from ops.backups import backup, locks
    from ops.backups.bars import Bar
    from ops.backups.stores import StoreError
    from storage.inspection import Inspector
    from storage.objects import StorageError

    config, began = current(), time.monotonic()
    key = config.key("worker_key")
    objects = Inspector(config.endpoint(), key.access, key.secret)
    source = backup.Source(config.database_url, locate.postgres(plan.folder), objects)
    try:
        async with pool(2):
            store = opened(given.to)
            with locks.held(store, locks.BACKUP), Bar("copied", keeping.quiet(given)) as bar:
                made = await backup.make(source, store, folder.path, bar.found, bar.done)
    except (DomainError, StorageError, StoreError, Degraded, backup.DumpFailed, OSError) as error:
        raise CannotRun(f"no backup was made: {error}") from error
    told = {**vars(made), "to": given.to, "seconds": round(time.monotonic() - began, 1)}
    folder.write(kept.BACKUP, {"at": time.time(), "to": given.to, "stamp": made.stamp, "missing": len(made.missing)})
    if given.keep:
        told["pruned"] = keeping.pruned(store, given.keep, given.yes, keeping.quiet(given))
    return told


def text(told: dict[str, Any]) -> str:
    lines = [
        f"backup {told['stamp']} in {told['to']}, {told['seconds']:.1f} s",
        f"object versions {told['objects']:,}, {bytes_told(told['bytes'])}; "
        f"new ones {told['copied']:,}, {bytes_told(told['copied_bytes'])}",
    ]
    if told["missing"]:
        lines.append(
            f"lost or damaged in storage, and so not in the backup {len(told['missing'])}; ./ops/verify --deep"
        )
        lines += [f"  {one}" for one in told["missing"][:20]]
    if "pruned" in told:
        lines.append(keeping.pruned_text(told["pruned"]))
    return "\n".join(lines)


def _table(told: dict[str, Any]) -> str:
    rows = [f"{'backup':18} {'object versions':>16} {'bytes':>10}"]
    rows += [f"{one['stamp']:18} {one['objects']:>16,} {bytes_told(one['size']):>10}" for one in told["backups"]]
    return "\n".join(rows if told["backups"] else ["there is no finished backup"])


if __name__ == "__main__":
    options.run(main, crashed=2)
