"""A round that an operator asks for: the caretaker does it, and this watches it in the ledger."""

import asyncio
import time
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from appliance.care import report, rounds, unhealed
from appliance.care.rounds import Round
from appliance.config import current
from appliance.errors import DomainError
from appliance.ledger.database import pool
from appliance.settings.reading import in_force
from appliance.valkey import LOST, quick
from ops.caretaker import scrubbing
from ops.commands.serving import CannotRun
from storage.errors import StorageError
from storage.inspection import Inspector

WATCH_SECONDS = 0.25
HINT = "./ops/status shows which part is not well."


async def run(root: str, bucket: str, deep: bool, only_list: bool, quiet: bool) -> dict[str, Any]:
    """Asks for a round and waits for its end: what it found, and what can't be healed. `root` is the key of storage's
    administrator. Raises CannotRun.
    """
    try:
        async with pool(1):
            if only_list:
                return {"unhealed": await unhealed.listed()}
            await _caretaker_is_there()
            await _bucket_is_there(bucket, root)
            which = await rounds.ask(deep, "an operator asked for it", bucket)
            ended = await _watched(which, quiet)
            left = [one for one in await unhealed.listed() if not bucket or one["bucket"] == bucket]
            return {"round": ended.told(), "unhealed": left}
    except (DomainError, StorageError) as error:
        raise CannotRun(f"{error}\n  → {HINT}") from error


async def scrubs() -> dict[str, Any]:
    """The scrub under way, the last one that ended, and when the next is due. Raises CannotRun."""
    try:
        async with pool(1):
            now, last = await rounds.unfinished(deep=True), await rounds.last_ended(True)
            due = await scrubbing.due((await in_force(current())).scrub_days)
            return {
                "under_way": now.told() if now else None,
                "last": last.told() if last else None,
                "next_in_seconds": due.timestamp() - time.time() if due else None,
                "unhealed": await unhealed.listed(),
            }
    except DomainError as error:
        raise CannotRun(f"{error}\n  → {HINT}") from error


async def _caretaker_is_there() -> None:
    """Raises CannotRun where nobody would do it."""
    redis = quick(current().valkey_url)
    try:
        if await report.last(redis) is None:
            raise CannotRun(f"{report.NOBODY}\n  → {HINT}")
    except LOST as error:
        raise CannotRun(f"Valkey does not answer\n  → {HINT}") from error
    finally:
        await redis.aclose()


async def _bucket_is_there(bucket: str, root: str) -> None:
    """Raises CannotRun where there is no such bucket."""
    access, _, secret = root.partition(":")
    there = await asyncio.to_thread(Inspector(current().storage_url, access, secret).buckets)
    if bucket and bucket not in there:
        raise CannotRun(f"there is no bucket {bucket}\n  → There are: {', '.join(sorted(there))}")


async def _watched(which: int, quiet: bool) -> Round:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=quiet) as bars:
        bar = bars.add_task("waiting", total=1.0, told="")
        while True:
            now = await rounds.read(which)
            assert now is not None
            bars.update(bar, description=_doing(now), completed=now.share, told=_told(now))
            if now.ended_at:
                return now
            await asyncio.sleep(WATCH_SECONDS)


def _doing(now: Round) -> str:
    if now.trouble:
        return "waits"
    return ("scrubbing" if now.deep else "healing") if now.began_at else "waiting"


def _told(now: Round) -> str:
    told = f"{now.looked:,} looked at, {now.mended:,} mended, {now.rate:.0f}/s"
    return f"{told}: {now.trouble}" if now.trouble else told
