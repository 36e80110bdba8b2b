"""Other programs write into S3 only while there is room: what they store can't take it from the appliance's uploads.

On one machine the supervisor looks after that; on each edge of several hosts it is a part of its own,
`python -m ops.room --data DIR`, which is there where the way for other programs is open.
"""

import argparse
import asyncio
import os
from typing import TYPE_CHECKING

from ops.edge.s3 import FULL
from ops.folder import DataFolder
from ops.variables import number

if TYPE_CHECKING:
    from redis.asyncio import Redis

LOOK_SECONDS = 10.0
FREE_PERCENT = 10.0
"""The share of a drive that other programs leave free (DARKROOM_S3_FREE_PERCENT): twice what uploads leave."""


async def look(redis: "Redis", folder: DataFolder, least: float) -> None:
    """Closes or opens the listener of `folder`, if it has one, to what other programs write: `least` percent of every
    drive have to be free. Raises RedisError.
    """
    let_others_write(folder, await _least_free(redis), least)


async def _least_free(redis: "Redis") -> float | None:
    """The free share of the fullest drive, of 1, as the caretaker has told it; None where it is not known."""
    from appliance.care import report

    told = await report.last(redis)
    fullest = told and told["fullest"]
    return fullest["free"] / fullest["total"] if fullest else None


def let_others_write(folder: DataFolder, free: float | None, least: float) -> None:
    """By the free share of the fullest drive, of 1. The appliance's own uploads go on until there is still less."""
    full = folder.edge_s3 / FULL
    if free is None or not full.parent.is_dir():
        return  # what is not known changes nothing
    if 100 * free < least:
        full.touch()
    else:
        full.unlink(missing_ok=True)


async def run(valkey_url: str, folder: DataFolder, least: float) -> None:
    """Until cancelled."""
    from appliance.beat import beat
    from appliance.logs import log
    from appliance.valkey import LOST, patient, quick

    folder.edge_s3.mkdir(exist_ok=True, mode=0o700)
    async with asyncio.TaskGroup() as tasks, quick(valkey_url) as redis:
        tasks.create_task(beat(patient(valkey_url), "room"))
        while True:
            try:
                await look(redis, folder, least)
            except LOST as error:
                log.warning("how full the drives are is not known", reason=str(error))
            await asyncio.sleep(LOOK_SECONDS)


def main() -> None:
    from appliance.config import current
    from appliance.logs import set_up
    from appliance.signals import until_told

    parser = argparse.ArgumentParser(prog="python -m ops.room", description="Keep other programs off the last room.")
    parser.add_argument("--data", help="the data folder served; only so that a list of processes says it")
    parser.parse_args()
    config = current().need("valkey_url")
    set_up(config.log_format, config.log_level)
    least = number(os.environ, "S3_FREE_PERCENT", float, FREE_PERCENT)
    asyncio.run(until_told(run(config.valkey_url, DataFolder(config.data), least)))


if __name__ == "__main__":
    main()
