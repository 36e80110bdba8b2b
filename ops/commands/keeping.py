"""What `./ops/backup` does beside making one: removing old ones, and the schedule."""

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.commands.serving import CannotRun
from ops.folder import DataFolder

if TYPE_CHECKING:
    from ops.backups.keeping import Policy
    from ops.backups.stores import Store


def policy(text: str) -> "Policy":
    """A type of arguments."""
    from ops.backups import keeping

    try:
        return keeping.parsed(text)
    except keeping.BadPolicy as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def pruned(store: "Store", keep: "Policy", really: bool, quiet: bool) -> dict[str, Any]:
    """Removes what `keep` does not keep, or says what it would remove. Raises CannotRun."""
    from rich.console import Console
    from rich.progress import Progress

    from ops.backups import catalogue, keeping, locks, pruning, stores

    try:
        with locks.held(store, locks.PRUNE), Progress(console=Console(stderr=True), disable=quiet) as bars:
            found = keeping.fates(catalogue.finished(store), keep)
            going = [one.stamp for one in found if not one.reasons]
            bar = bars.add_task("looked through", total=len(pruning.HALVES))
            told = pruning.prune(
                store, going, Path(tempfile.gettempdir()), really, lambda count, objects: bars.advance(bar, count)
            )
    except (stores.StoreError, stores.WrongBytes, OSError) as error:
        raise CannotRun(f"nothing more was removed: {error}") from error
    fates = [{"stamp": one.stamp, "kept": list(one.reasons)} for one in found]
    return {"fates": fates, "removed": really, **vars(told)}


def pruned_text(told: dict[str, Any]) -> str:
    lines = [f"{one['stamp']}  {', '.join(one['kept']) or 'is kept for nothing'}" for one in told["fates"]]
    broken = f", {told['unfinished']} that were broken off" if told["unfinished"] else ""
    what = f"{told['backups']} backups{broken} and {told['objects']:,} objects that no other refers to"
    lines.append(f"removed {what}" if told["removed"] else f"would remove {what}: --yes does it")
    return "\n".join(lines)


def recorded(given: argparse.Namespace, folder: DataFolder) -> dict[str, Any]:
    """Records the schedule of the command line. Raises CannotRun."""
    from ops.backups import schedule

    if not folder.path.is_dir():
        raise CannotRun(f"there is no appliance in {folder.path}\n  → Name its data folder: --data DIR")
    if given.schedule == "off":
        schedule.record(folder, None, None)
        return {"schedule": None}
    try:
        one = schedule.checked(schedule.Schedule(given.to, given.schedule, str(given.keep or ""), given.drill_days))
    except schedule.BadSchedule as error:
        raise CannotRun(str(error)) from error
    schedule.record(folder, one, os.environ.get("DARKROOM_BACKUP_KEY"))
    return {"schedule": vars(one)}


def recorded_text(told: dict[str, Any]) -> str:
    one, next_start = told["schedule"], "from the next ./ops/up on"
    if one is None:
        return f"No backup is made by itself any more, {next_start}."
    keep = f", of which {one['keep']} are kept" if one["keep"] else ", and all are kept"
    drill = f"; a drill every {one['drill_days']:g} days" if one["drill_days"] else ""
    return f"A backup to {one['to']} every day at {one['at']}{keep}{drill}, {next_start}."


def scheduled(folder: DataFolder) -> dict[str, Any]:
    """Does what is due. Raises CannotRun."""
    from ops.backups import doing, schedule

    try:
        if schedule.load(folder, os.environ) is None:
            raise CannotRun("there is no schedule\n  → ./ops/backup --to STORE --schedule 02:30 records one")
        return {"done": asyncio.run(_all(doing.due(folder, dict(os.environ))))}
    except (doing.NotDone, schedule.BadSchedule) as error:
        raise CannotRun(str(error)) from error


async def _all(told: AsyncIterator[str]) -> list[str]:
    return [one async for one in told]


def scheduled_text(told: dict[str, Any]) -> str:
    return "\n".join(told["done"] or ["nothing is due"])


def quiet(given: argparse.Namespace) -> bool:
    return bool(given.json or not sys.stderr.isatty())
