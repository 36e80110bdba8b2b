"""One of several processes is active, by a lock in Postgres; the others stand by."""

import asyncio

import asyncpg

STAY_SECONDS = 2.0
SILENT_SECONDS = 20.0
"""After so long without a word from it the active one is taken for gone, though its connection still stands: behind a
network that broke without saying so Postgres would hold its lock for hours."""

# A lock by one number has its halves in classid and objid, and objsubid 1 (Postgres, view pg_locks).
_END_SILENT = """
SELECT pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
    AND (l.classid::bigint << 32) | l.objid::bigint = $1
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND a.state_change < clock_timestamp() - make_interval(secs => $2)
"""


async def lead(connection: asyncpg.Connection, lock: int) -> None:
    """Waits to become the active one, without holding a transaction open."""
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock):
        await connection.execute(_END_SILENT, lock, SILENT_SECONDS)
        await asyncio.sleep(1)


async def stay(connection: asyncpg.Connection) -> None:
    """Shows Postgres that the active one lives. Raises when the connection that holds the lock is gone."""
    while True:
        await asyncio.sleep(STAY_SECONDS)
        await connection.fetchval("SELECT 1", timeout=10)
