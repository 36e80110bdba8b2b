"""One run of `./ops/verify` against a running appliance, with its own configuration."""

import argparse
import asyncio
import sys
import time
from typing import Any

import structlog

from appliance.config import current
from appliance.errors import DomainError
from appliance.ledger.database import pool
from appliance.ledger.service import Ledger
from appliance.live.doorbell import Doorbell
from appliance.upkeep import scope, usage
from appliance.upkeep.confirm import Degraded, surely_whole
from appliance.upkeep.days import days_until
from appliance.upkeep.merge import OutOfOrder
from appliance.upkeep.references import ALL, ids_of
from appliance.upkeep.repair import Repair
from appliance.upkeep.report import tallied
from appliance.upkeep.verify import Verifier, leave
from storage.admin import Admin
from storage.inspection import Inspector
from storage.objects import StorageError

CANNOT = (DomainError, StorageError, Degraded, OutOfOrder)
PROGRESS_SECONDS = 5.0
SHIP_SECONDS = 0.2


async def run(given: argparse.Namespace, root: str) -> dict[str, Any]:
    """What `given` (see ops.commands.verify) asks for; `root` is the storage administrator's key, or empty.

    Raises what is in CANNOT.
    """
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))  # standard output is the result's
    config = current().need("database_url", "valkey_url", "storage_url", "worker_key")
    key = config.key("worker_key")
    objects = Inspector(config.endpoint(), key.access, key.secret)
    doorbell = Doorbell(config.valkey_url)

    async def sound() -> None:
        await surely_whole(objects)
        if root and (problems := (await asyncio.to_thread(Admin(config.storage_url, *_pair(root)).cluster)).problems):
            raise Degraded(f"storage is degraded: {'; '.join(problems)}")

    repair = Repair(Ledger(doorbell.ring), objects, sound, given.limit, given.yes)
    grace = config.verify_grace_seconds if given.grace is None else given.grace
    async with pool(2):
        ringing = asyncio.create_task(doorbell.run())
        verifier = Verifier(objects, grace, given.deep, repair.take if given.repair else leave, Progress())
        try:
            await _walk(verifier, objects, given)
            await asyncio.sleep(SHIP_SECONDS if repair.done.total() else 0)  # the doorbell is rung by its own task
        finally:
            ringing.cancel()
        wrong = await _counted_anew(given) if not (given.day or given.since) else 0
    told = verifier.report.told()
    result = told | {"deep": given.deep, "miscounted": wrong, "clean": told["clean"] and not wrong}
    if given.repair:
        names = ("deleted", "taken_in", "forgotten", "called_missing", "called_damaged")
        result["repair"] = {"done": given.yes, "refused": repair.refused} | {name: repair.done[name] for name in names}
    return result


async def _walk(verifier: Verifier, objects: Inspector, given: argparse.Namespace) -> None:
    if not given.day and not given.since:
        await verifier.everything()
        await tallied(verifier.report.tally, ALL)
        return
    days = [given.day] if given.day else days_until(given.since)
    async for owner in scope.owners(objects):
        await verifier.walk(await scope.of_days(objects, owner, days))
    await tallied(verifier.report.tally, ids_of(days[0], days[-1]))


async def _counted_anew(given: argparse.Namespace) -> int:
    """For how many usage was wrong."""
    wrong = await usage.miscounted()
    if wrong and given.repair and given.yes:
        await usage.recount()
    return wrong


def _pair(key: str) -> tuple[str, str]:
    access, _, secret = key.partition(":")
    return access, secret


class Progress:
    """Says on standard error how far it has come, every few seconds."""

    def __init__(self) -> None:
        self._next = time.monotonic() + PROGRESS_SECONDS

    def __call__(self, count: int, key: str) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + PROGRESS_SECONDS
            print(f"… {count:,} object versions, now at {key}", file=sys.stderr, flush=True)
