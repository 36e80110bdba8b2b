"""Intake's composition root: notifications in, and the sweep. `python -m appliance.intake --data DIR`.

One is active, by a lock in Postgres; others stand by. One that loses its lock ends, and is started again: there is
nothing in it that could be lost.
"""

import argparse
import asyncio
from functools import partial

import uvloop

from appliance.again import REVIVED_SECONDS, again
from appliance.beat import beat
from appliance.chats.keeping import Retention
from appliance.clocks import SELDOM_SECONDS, Clocks
from appliance.config import Settings, current
from appliance.leading import lead, stay
from appliance.ledger.arrivals import Arrivals
from appliance.ledger.database import connect, fetch, pool
from appliance.ledger.inbox import Inbox
from appliance.ledger.leftovers import Leftovers
from appliance.ledger.service import Ledger
from appliance.ledger.sweep import Sweep, chores
from appliance.live.doorbell import Doorbell
from appliance.logs import log, set_up
from appliance.payments.rpc import Node
from appliance.payments.service import Payments
from appliance.payments.watch import Watch
from appliance.profiles.chores import ProfileChores
from appliance.profiles.clearing import Clearing
from appliance.profiles.editions import Editions
from appliance.queue import Queue
from appliance.renders.sweep import Filling
from appliance.samples import sampler
from appliance.samples.sampler import Sampler
from appliance.settings.jobs import Keeper
from appliance.settings.reading import Reader
from appliance.signals import until_told
from appliance.upkeep.cleaning import Cleaning, Rule
from appliance.upkeep.daily import Daily
from appliance.valkey import patient, quick
from storage.inspection import Inspector
from storage.multiparts import Multiparts

LOCK = 0x1DA2C
DAY = 24 * 3600
LOOK = 20.0  # the same for what has its time of the day
SET = 5.0  # the same for whether settings have to be synced
DUE = 600.0  # the pause between two looks whether something daily is due


async def keep_partitions(settings: Settings) -> None:
    """Makes next month's partition of the events, and drops what is older than is kept."""
    await fetch("SELECT ledger.keep_partitions($1)", settings.now.events_days)


async def run() -> None:
    """Until cancelled."""
    config = current().need("database_url", "valkey_url", "storage_url", "worker_key")
    set_up(config.log_format, config.log_level)
    redis, key = patient(config.valkey_url), config.key("worker_key")
    told = quick(config.valkey_url)
    settings = Reader(config, told)
    doorbell, queue = Doorbell(config.valkey_url), Queue(config.valkey_url, config.queue_window)
    ledger, objects = Ledger(doorbell.ring), Inspector(config.endpoint(), key.access, key.secret)
    arrivals = Arrivals(ledger, queue, objects)
    multiparts = Multiparts(config.endpoint(), key.access, key.secret)
    cleaning = Cleaning(ledger, objects, multiparts, config.data, lambda: Rule.of(settings.now))
    async with pool(4), Node(config.payment_rpc_url) as node, asyncio.TaskGroup() as tasks:
        clocks = Clocks(objects, config.clock_seconds)
        tasks.create_task(beat(redis, "intake", clocks=clocks))
        tasks.create_task(clocks.run(SELDOM_SECONDS))
        tasks.create_task(doorbell.run())
        tasks.create_task(again(REVIVED_SECONDS, settings.run))
        lock = await connect()
        await lead(lock, LOCK)
        log.info("intake is active")
        tasks.create_task(again(SET, Keeper(config, settings, told).keep))
        tasks.create_task(stay(lock))
        tasks.create_task(again(0.5, Inbox(redis, arrivals).run))
        tasks.create_task(again(DAY, partial(keep_partitions, settings)))
        tasks.create_task(again(DUE, Daily(ledger, objects, config.verify_grace_seconds).verify))
        tasks.create_task(again(LOOK, cleaning.clean))
        tasks.create_task(again(sampler.EVERY_SECONDS, Sampler(told, objects, settings).keep))
        tasks.create_task(again(lambda: settings.now.sweep_seconds, Filling(queue).fill))
        tasks.create_task(again(lambda: settings.now.sweep_seconds, Leftovers(multiparts).remove))
        tasks.create_task(again(lambda: settings.now.sweep_seconds, Retention(doorbell.ring, settings).drop))
        payments = Payments(node, settings)
        profiles = ProfileChores(Editions(doorbell.ring, settings), payments, ledger, settings)
        for care in (profiles.look, profiles.drop, profiles.forget, profiles.follow):
            tasks.create_task(again(lambda: settings.now.sweep_seconds, care))
        tasks.create_task(again(lambda: settings.now.sweep_seconds, Clearing(ledger, settings).drop))
        watch = Watch(payments, node, settings)
        tasks.create_task(again(lambda: settings.now.payment_watch_seconds, watch.look))
        for chore in chores(Sweep(ledger, arrivals, queue, objects, settings)):
            tasks.create_task(again(lambda: settings.now.sweep_seconds, chore))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m appliance.intake", description="Take in notifications, and sweep.")
    parser.add_argument("--data", help="the data folder served; only so that a list of processes says it")
    parser.parse_args()
    uvloop.run(until_told(run()))
    log.info("intake ends")


if __name__ == "__main__":
    main()
