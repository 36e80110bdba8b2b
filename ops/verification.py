"""What the daily verification has come to, read from the ledger without the appliance's own code running."""

import asyncio
from typing import Any

TIMEOUT = 3.0
RECENT_DAYS = 3  # these have their turn every day
WITHIN_DAYS = 30  # a 28th of the older days a day, and two days' grace


async def state(database_url: str) -> dict[str, Any] | None:
    """The oldest unverified day (None: there is none), days with differences, when the last run began and ended.

    Days and times in ISO 8601. None as a whole if the ledger can't be asked now.
    """
    import asyncpg

    try:
        async with asyncio.timeout(TIMEOUT):
            connection = await asyncpg.connect(database_url)
            try:
                row = await connection.fetchrow("SELECT * FROM ledger.verified_state($1, $2)", RECENT_DAYS, WITHIN_DAYS)
            finally:
                await connection.close(timeout=1)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return None
    return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
