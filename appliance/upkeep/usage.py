"""Usage held against the assets it is the sum of, and counted anew where it is not."""

import asyncpg

from appliance.ledger.database import connect, lost_as_unavailable

MOST = 1000  # wrong rows that are looked for
PATIENCE = 3600.0  # seconds: it reads all assets, in one snapshot, since usage moves on with every upload


async def miscounted() -> int:
    """For how many projects, users and addresses usage is wrong, at most 1000 are counted. Raises Unavailable."""
    return len(await _fetch("SELECT FROM ledger.miscounted($1)", MOST))


async def recount() -> int:
    """Counts all anew; new uploads wait while it does. Gives how many were wrong. Raises Unavailable."""
    return int((await _fetch("SELECT ledger.recount() AS wrong"))[0]["wrong"])


async def _fetch(sql: str, *args: object) -> list[asyncpg.Record]:
    connection = await connect()
    try:
        with lost_as_unavailable():
            rows: list[asyncpg.Record] = await connection.fetch(sql, *args, timeout=PATIENCE)
            return rows
    finally:
        await connection.close()
