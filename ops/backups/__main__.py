"""The part that makes backups by itself: `python -m ops.backups --data DIR`. It is there where a schedule is."""

import argparse
import asyncio
import os

from appliance.beat import beat
from appliance.config import Config, current
from appliance.logs import log, set_up
from appliance.signals import until_told
from appliance.valkey import patient
from ops.backups import doing
from ops.backups.schedule import BadSchedule
from ops.folder import DataFolder

LOOK_SECONDS, AGAIN_SECONDS = 30.0, 15 * 60.0


async def run(config: Config) -> None:
    """Until cancelled."""
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(beat(patient(config.valkey_url), "backups"))
        tasks.create_task(_look(DataFolder(config.data)))


async def _look(folder: DataFolder) -> None:
    while True:
        wait = LOOK_SECONDS
        try:
            async for told in doing.due(folder, dict(os.environ)):
                log.info("done", what=told)
        except (doing.NotDone, BadSchedule, OSError) as error:
            log.error("not done, tried again in 15 minutes", reason=str(error))
            wait = AGAIN_SECONDS
        await asyncio.sleep(wait)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m ops.backups", description="Make backups when they are due.")
    parser.add_argument("--data", help="the data folder served; only so that a list of processes says it")
    parser.parse_args()
    config = current().need("valkey_url")
    set_up(config.log_format, config.log_level)
    asyncio.run(until_told(run(config)))


if __name__ == "__main__":
    main()
