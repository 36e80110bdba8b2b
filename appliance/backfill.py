"""The composition root of who works on libraries: `python -m appliance.backfill --data DIR --number 1`.

It finds the files of every workflow that is mounted, and makes anew those that are worth it when nobody else wants the
machine, as many at once as the setting `backfill_at_once` says.
"""

import argparse
import asyncio
import sys
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import uvloop

from appliance import lanes, queue
from appliance.again import REVIVED_SECONDS, again
from appliance.beat import beat, known_as
from appliance.clocks import SELDOM_SECONDS, Clocks
from appliance.config import Config, Sandboxing, current
from appliance.files import precedence
from appliance.ledger.database import pool
from appliance.ledger.service import Ledger
from appliance.library.bench import Bench
from appliance.library.keepings import FOLDER, Keepings
from appliance.library.scanning import Scanning
from appliance.library.shelf import Shelf
from appliance.library.upkeep import Upkeep
from appliance.live.doorbell import Doorbell
from appliance.live.progress import Teller
from appliance.logs import log, set_up
from appliance.metrics import gauge
from appliance.settings.reading import Reader
from appliance.valkey import patient, quick
from appliance.worker import protection as protection_told
from processors.sandbox import stepping
from processors.sandbox.errors import SandboxWeak
from processors.sandbox.probe import probe
from storage.inspection import Inspector

CLOSING_SECONDS = 5.0


async def develop(context: dict[str, Any], asset: str) -> None:
    """The one job of this lane; everything else is in the ledger."""
    bench: Bench = context["bench"]
    await bench.develop(UUID(asset), queue.again(context))


async def run(config: Config, number: int) -> None:
    """Until told to end; what is under way then begins anew where it stood."""
    doorbell, key, name = Doorbell(config.valkey_url), config.key("worker_key"), f"worker-{queue.BACKFILL}-{number}"
    protection = replace(await probe(), weak=config.sandbox is Sandboxing.WEAK)
    protection.require()
    async with pool(4, known_as(name, config.host)):
        ledger, told = Ledger(doorbell.ring), quick(config.valkey_url)
        objects = Inspector(config.endpoint(), key.access, key.secret)
        teller, settings = Teller(config.valkey_url), Reader(config, told)
        await settings.start()
        urgent = precedence.Watch(config.data / precedence.FOLDER).urgent
        keepings = Keepings(config.workflows, config.data / "scratch" / FOLDER, config.endpoint)
        scanning = Scanning(ledger, protection, keepings, lambda: settings.now.library_seconds)
        shelf = Shelf(config.workflows, ledger, scanning, told, settings)
        stepping.give_way_to(urgent, shelf.stands_still)
        bench = Bench(ledger, objects, settings, teller, shelf, protection)
        upkeep = Upkeep(ledger, shelf, objects.whole)
        gauge("jobs_under_way", lambda: bench.under_way)
        clocks = Clocks(objects, config.clock_seconds)
        limit = lanes.limit(settings, queue.BACKFILL)
        gauge("jobs_at_once", limit)
        facts = protection_told(protection) | {"lane": queue.BACKFILL}
        beating = partial(beat, patient(config.valkey_url), name, lambda: facts | {"last": list(bench.last)}, clocks)
        watching = (settings.run, doorbell.run, teller.run, partial(clocks.run, SELDOM_SECONDS), beating)
        loops = [asyncio.create_task(again(REVIVED_SECONDS, one)) for one in watching]
        loops += [
            asyncio.create_task(again(lambda: settings.now.library_look_seconds, round))
            for round in (shelf.look, upkeep.look)
        ]
        context, at_once = {"bench": bench}, lambda: bench.limit(limit())
        loop = queue.worker(config.valkey_url, queue.BACKFILL, develop, context, at_once, others=shelf.of_others)
        log.info("worker is ready", lane=queue.BACKFILL, number=number, sandbox=str(protection))
        try:
            await loop.async_run()
        except asyncio.CancelledError:
            log.info("worker ends", lane=queue.BACKFILL, number=number)
        finally:
            for task in loops:
                task.cancel()
            # Its commands wait for a Valkey that is away, and it may have gone for good, with everything else.
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSING_SECONDS):
                    await shelf.close()
                    await loop.close()
                    await asyncio.gather(*loops, return_exceptions=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m appliance.backfill", description="Work on libraries.")
    parser.add_argument("--data", help="the data folder served; only so that a list of processes says it")
    parser.add_argument("--number", type=int, default=1, help="which of these workers this is")
    args = parser.parse_args()
    config = current().need("database_url", "valkey_url", "storage_url", "worker_key")
    set_up(config.log_format, config.log_level)
    try:
        uvloop.run(run(config, args.number))
    except SandboxWeak as error:
        log.error("this worker decodes nothing", why=str(error), remedy="DARKROOM_SANDBOX=weak allows it all the same")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
