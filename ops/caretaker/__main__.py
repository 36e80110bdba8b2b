"""The caretaker's composition root: `python -m ops.caretaker --data DIR`.

One is active, by a lock in Postgres; others stand by, on other hosts too. What it is about is in the ledger, so whoever
takes over goes on there. It alone, besides `ops`, holds the key of storage's administrator.
"""

import argparse
import asyncio
import os
from functools import partial

import uvloop

from appliance.again import REVIVED_SECONDS, again
from appliance.beat import beat
from appliance.care.unhealed import Conclusions
from appliance.clocks import SELDOM_SECONDS, Clocks
from appliance.config import Config, current
from appliance.errors import BadConfiguration
from appliance.leading import lead, stay
from appliance.ledger.database import connect, pool
from appliance.ledger.service import Ledger
from appliance.live.doorbell import Doorbell
from appliance.logs import log, set_up
from appliance.settings.reading import Reader
from appliance.signals import until_told
from appliance.valkey import patient, quick
from ops.caretaker.looking import Looking
from ops.caretaker.scrubbing import Scrubbing
from ops.caretaker.sound import sound
from ops.caretaker.walking import Walking
from ops.folder import DataFolder
from storage.admin import Admin
from storage.inspection import Inspector

LOCK = 0x4DA2C
IDLE_SECONDS = 1.0
DECIDE_SECONDS = 20.0
DUE_SECONDS = 60.0


async def run(config: Config, root: tuple[str, str]) -> None:
    """Until cancelled. `root`: the administrator's key and its secret."""
    redis, key = patient(config.valkey_url), config.key("worker_key")
    objects = Inspector(config.endpoint(), key.access, key.secret)
    admin, everything = Admin(config.storage_url, *root), Inspector(config.storage_url, *root)
    doorbell = Doorbell(config.valkey_url)
    conclusions = Conclusions(Ledger(doorbell.ring), objects, partial(sound, objects, admin))
    async with pool(4, "caretaker"), asyncio.TaskGroup() as tasks:
        clocks = Clocks(objects, config.clock_seconds)
        tasks.create_task(beat(redis, "caretaker", clocks=clocks))
        tasks.create_task(clocks.run(SELDOM_SECONDS))
        tasks.create_task(doorbell.run())
        settings = Reader(config, quick(config.valkey_url))
        await settings.start()
        tasks.create_task(again(REVIVED_SECONDS, settings.run))
        lock = await connect()
        await lead(lock, LOCK)
        log.info("the caretaker is active")
        tasks.create_task(stay(lock))
        looking = Looking(admin, redis, DataFolder(config.data), settings)
        tasks.create_task(again(lambda: settings.now.look_seconds, looking.look))
        tasks.create_task(again(IDLE_SECONDS, Walking(admin, everything, conclusions, settings).go_on))
        tasks.create_task(again(DECIDE_SECONDS, conclusions.draw))
        tasks.create_task(again(DUE_SECONDS, Scrubbing(settings).ask_if_due))


def _root() -> tuple[str, str]:
    access, _, secret = os.environ.get("DARKROOM_STORAGE_ROOT", "").partition(":")
    if not secret:
        raise BadConfiguration("DARKROOM_STORAGE_ROOT must be set, as access:secret; ./ops/up sets it")
    return access, secret


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m ops.caretaker", description="Look after storage.")
    parser.add_argument("--data", help="the data folder served; only so that a list of processes says it")
    parser.parse_args()
    config = current().need("database_url", "valkey_url", "storage_url", "worker_key")
    set_up(config.log_format, config.log_level)
    uvloop.run(until_told(run(config, _root())))
    log.info("the caretaker ends")


if __name__ == "__main__":
    main()
