"""A process that syncs, and stops for ever before the step that it is told: `python -m tests.settings.syncing STEP`."""

import asyncio
import sys

from appliance.config import current
from appliance.ledger.database import pool
from appliance.logs import set_up
from appliance.settings.layers import Author
from appliance.settings.sync import sync
from appliance.valkey import quick
from tests.settings.rows import Rows


async def main(stop_at: str) -> None:
    async def watch(step: str) -> None:
        if step == stop_at:
            print(step, flush=True)
            await asyncio.sleep(3600)

    async with pool(1):
        await sync(quick(current().valkey_url), Author("a process", "tests"), Rows, watch)


set_up("text", "error")  # what it prints is for the test
asyncio.run(main(sys.argv[1]))
