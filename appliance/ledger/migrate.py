"""Brings the database to the schema of this release: `python -m appliance.ledger.migrate`, any number of times."""

import asyncio
import sys

from piccolo.apps.migrations.commands.forwards import run_forwards

from appliance.config import current
from appliance.ledger.database import connect, fetch, pool, run_scripts

LOCK = 0x0DA2C  # the advisory lock under which one migration at a time runs

FUNCTIONS = (
    *("append", "usage", "transition", "open_slot", "arrive", "claim", "finish", "remove"),
    *("look_up", "erase_due", "open_jobs", "partitions", "verify", "daily"),
)


async def migrate() -> None:
    """Runs what has not run yet, and replaces the ledger's functions by this release's. Raises Unavailable."""
    lock = await connect()
    try:
        await lock.execute("SELECT pg_advisory_lock($1)", LOCK)
        async with pool(2):
            await run_forwards(app_name="all")
            await run_scripts("drop_functions", *FUNCTIONS)
            # Not by the pool, whose statements have a limit of time: this one reads all that a large ledger has.
            await lock.execute("SELECT ledger.begin_usage()")
            await fetch("SELECT ledger.keep_partitions($1)", current().events_days)
    finally:
        await lock.close()


def main() -> int:
    asyncio.run(migrate())
    return 0


if __name__ == "__main__":
    sys.exit(main())
