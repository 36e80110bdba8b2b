"""One of several processes is active, by a lock in Postgres; the others stand by."""

import asyncio

import asyncpg


async def lead(connection: asyncpg.Connection, lock: int) -> None:
    """Waits to become the active one, without holding a transaction open."""
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", lock):  # noqa: ASYNC110 - the event is in another process
        await asyncio.sleep(1)


async def stay(connection: asyncpg.Connection) -> None:
    """Raises when the connection that holds the lock is gone."""
    while True:
        await asyncio.sleep(2)
        await connection.fetchval("SELECT 1", timeout=10)
