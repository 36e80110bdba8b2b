"""Brings the database to the schema of this release: `python -m appliance.ledger.migrate`, any number of times."""

import asyncio
import sys

from piccolo.apps.migrations.commands.forwards import run_forwards

from appliance.config import current
from appliance.errors import Unavailable
from appliance.ledger.database import REFUSED, connect, fetch, pool, run_scripts

LOCK = 0x0DA2C  # the advisory lock under which one migration at a time runs

NEEDED = "uuidv7()"  # the ledger's ids are made by this function of Postgres 18

FUNCTIONS = (
    *("append", "usage", "transition", "open_slot", "arrive", "claim", "preview", "finish", "remove"),
    *("look_up", "erase_due", "open_jobs", "partitions", "verify", "daily", "uploads", "share", "orders", "chats"),
    *("chat_unread", "chat_keeping", "chat_export", "profiles", "profile_media", "profile_hashtags"),
    *("payments", "library", "samples"),
)


class TooOld(Exception):
    """This Postgres lacks what the ledger is made of."""


async def migrate() -> None:
    """Runs what has not run yet, and replaces the ledger's functions by this release's.

    Raises TooOld, Unavailable, and what is in REFUSED.
    """
    lock = await connect()
    try:
        if await lock.fetchval("SELECT to_regprocedure($1)", NEEDED) is None:
            raise TooOld(f"Postgres {lock.get_server_version().major} is too old: 18 or newer is needed")
        await lock.execute("SELECT pg_advisory_lock($1)", LOCK)
        async with pool(2):
            await run_forwards(app_name="all")
            await run_scripts("drop_functions", *FUNCTIONS)
            # Not by the pool, whose statements have a limit of time: this one reads all that a large ledger has.
            await lock.execute("SELECT ledger.begin_usage()")
            await fetch("SELECT ledger.keep_partitions($1)", current().events_days)
    finally:
        await lock.close()


def _failed(why: str, remedy: str) -> int:
    print(f"{why}\n  → Where it runs elsewhere: {remedy}", file=sys.stderr)
    return 1


def main() -> int:
    try:
        asyncio.run(migrate())
    except (TooOld, *REFUSED) as error:
        return _failed(f"Postgres: {error}", "check what POSTGRES_… say, and what was set up there.")
    except Unavailable as error:
        return _failed(f"Postgres does not answer: {error.__cause__}", "check POSTGRES_SERVER and POSTGRES_PORT.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
