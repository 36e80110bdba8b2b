"""A worker's composition root: `python -m appliance.worker --data DIR --lane images --number 1`."""

import argparse
import asyncio
import sys
from contextlib import suppress
from functools import partial
from typing import Any
from uuid import UUID

import uvloop

from appliance import lanes, queue
from appliance.again import REVIVED_SECONDS, again
from appliance.beat import beat, known_as
from appliance.bundles import jobs as bundles
from appliance.clocks import SELDOM_SECONDS, Clocks
from appliance.config import Config, Sandboxing, current
from appliance.files import precedence
from appliance.files.attempts import Attempts
from appliance.files.jobs import Developer
from appliance.files.media import Media
from appliance.ledger.database import pool
from appliance.ledger.service import Ledger
from appliance.live.doorbell import Doorbell
from appliance.live.progress import Teller
from appliance.logs import log, set_up
from appliance.metrics import gauge
from appliance.renders import jobs as renders
from appliance.renders.orders import Orders
from appliance.settings.reading import Reader
from appliance.valkey import patient, quick
from processors.sandbox import stepping
from processors.sandbox.errors import SandboxWeak
from processors.sandbox.layers import Protection
from processors.sandbox.sandbox import Sandbox
from storage.inspection import Inspector

CLOSING_SECONDS = 5.0


async def develop(context: dict[str, Any], asset: str) -> None:
    """The one job of this lane; everything else is in the ledger."""
    developer: Attempts = context["developer"]
    await developer.develop(UUID(asset), queue.again(context))


async def run(config: Config, lane: str, number: int) -> None:
    """Until told to end; jobs under way are finished first, for at most 10 seconds."""
    doorbell, key, name = Doorbell(config.valkey_url), config.key("worker_key"), f"worker-{lane}-{number}"
    decoder = Sandbox(("--data", str(config.data), "--lane", lane), weak=config.sandbox is Sandboxing.WEAK)
    async with pool(4, known_as(name, config.host)), decoder as sandbox:
        ledger = Ledger(doorbell.ring)
        objects = Inspector(config.endpoint(), key.access, key.secret)
        teller = Teller(config.valkey_url)
        settings = Reader(config, quick(config.valkey_url))
        await settings.start()
        urgent = config.data / precedence.FOLDER
        developer: Attempts
        if lane == queue.MEDIA:
            stepping.give_way_to(precedence.Watch(urgent).urgent)
            developer = Media(ledger, objects, sandbox, settings, lane, teller, config.data / "scratch" / name)
        else:
            work = precedence.Urgent(urgent, name).work
            developer = Developer(ledger, objects, sandbox, settings, lane, work)
        builder = bundles.Builder(objects, teller)
        renderer = renders.Renderer(Orders(doorbell.ring), objects, sandbox, builder, settings)
        gauge("jobs_under_way", lambda: developer.under_way)
        limit = lanes.limit(settings, lane)
        gauge("jobs_at_once", limit)
        facts = protection(sandbox.protection) | {"lane": lane}
        clocks = Clocks(objects, config.clock_seconds)
        told = partial(beat, patient(config.valkey_url), name, lambda: facts | {"last": list(developer.last)}, clocks)
        watching = (settings.run, doorbell.run, teller.run, partial(clocks.run, SELDOM_SECONDS), told)
        loops = [asyncio.create_task(again(REVIVED_SECONDS, one)) for one in watching]
        context = {"developer": developer, "renderer": renderer}
        loop = queue.worker(config.valkey_url, lane, develop, context, limit, renders.job)
        log.info("worker is ready", lane=lane, number=number, sandbox=str(sandbox.protection))
        try:
            await loop.async_run()
        except asyncio.CancelledError:
            log.info("worker ends", lane=lane, number=number)
        finally:
            for task in loops:
                task.cancel()
            # Its commands wait for a Valkey that is away, and it may have gone for good, with everything else.
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSING_SECONDS):
                    await loop.close()
                    await asyncio.gather(*loops, return_exceptions=True)


def protection(found: Protection | None) -> dict[str, Any]:
    """What the beat tells of a sandbox that has started."""
    assert found is not None
    return {"sandbox": {"strong": found.strong, "layers": sorted(found.layers), "missing": dict(found.missing)}}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m appliance.worker", description="Process what waits in one lane.")
    parser.add_argument("--data", help="the data folder served; only so that a list of processes says it")
    parser.add_argument("--lane", choices=(queue.IMAGES, queue.MEDIA), required=True)
    parser.add_argument("--number", type=int, default=1, help="which worker of the lane this is")
    args = parser.parse_args()
    config = current().need("database_url", "valkey_url", "storage_url", "worker_key")
    set_up(config.log_format, config.log_level)
    try:
        uvloop.run(run(config, args.lane, args.number))
    except SandboxWeak as error:
        log.error("this worker decodes nothing", why=str(error), remedy="DARKROOM_SANDBOX=weak allows it all the same")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
