"""The webhooks' composition root: `python -m appliance.sender --data DIR`.

One is active, by a lock in Postgres; others stand by. It reads the ledger and links with the reader's key, and holds
no other; whatever it was about when it ends is begun again by the next.
"""

import argparse
import asyncio
from concurrent.futures import ThreadPoolExecutor

import uvloop

from appliance.again import REVIVED_SECONDS, again
from appliance.beat import beat
from appliance.clocks import Clocks
from appliance.config import Config, Settings, current
from appliance.errors import Unavailable
from appliance.files.versions import Linker
from appliance.leading import lead, stay
from appliance.ledger.database import connect, pool
from appliance.live.doorbell import Listener
from appliance.logs import log, set_up
from appliance.public import made_links
from appliance.settings.reading import Reader
from appliance.signals import until_told
from appliance.valkey import patient, quick
from appliance.webhooks import turns
from appliance.webhooks.addresses import Reach
from appliance.webhooks.post import Post
from appliance.webhooks.sender import AT_ONCE, Sender
from storage.objects import Objects

LOCK = 0x3DA2C
HOUR = 3600.0


async def keep_attempts(settings: Settings) -> None:
    """Forgets old attempts, every hour, until cancelled."""
    while True:
        try:
            await turns.forget(settings.now.webhook_attempt_days)
        except Unavailable as error:
            log.warning("old attempts not forgotten", error=str(error))
        await asyncio.sleep(HOUR)


async def run(config: Config) -> None:
    """Until cancelled."""
    listener, reader = Listener(config.valkey_url), config.key("reader_key")
    clocks = Clocks(Objects(config.endpoint(), reader.access, reader.secret), config.clock_seconds)
    links = made_links(config)
    linker = Linker(links, config.public_urls[0], clocks.must_agree)
    # Names are looked up in threads, and a name server that hangs holds one.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(AT_ONCE))
    async with pool(8), asyncio.TaskGroup() as tasks:
        tasks.create_task(beat(patient(config.valkey_url), "webhooks", clocks=clocks))
        tasks.create_task(listener.run())
        settings = Reader(config, quick(config.valkey_url))
        await settings.start()
        tasks.create_task(again(REVIVED_SECONDS, settings.run))
        await clocks.look()
        tasks.create_task(clocks.run())
        lock = await connect()
        await lead(lock, LOCK)
        log.info("webhooks are active")
        tasks.create_task(stay(lock))
        tasks.create_task(keep_attempts(settings))
        async with Post(Reach(config.webhook_allow), config.webhook_seconds) as post:
            await Sender(post, linker, listener, settings).run()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m appliance.sender", description="Tell the webhooks what happens.")
    parser.add_argument("--data", help="the data folder served; only so that a list of processes says it")
    parser.parse_args()
    config = current().need("database_url", "valkey_url", "storage_url", "reader_key")
    set_up(config.log_format, config.log_level)
    uvloop.run(until_told(run(config)))
    log.info("webhooks end")


if __name__ == "__main__":
    main()
