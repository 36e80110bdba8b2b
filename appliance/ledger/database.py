"""The one module behind which Piccolo and asyncpg stand: a pool, and the ledger's SQL functions called by it."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
from piccolo.engine.finder import engine_finder
from piccolo.engine.postgres import PostgresEngine

from appliance.errors import Unavailable

os.environ.setdefault("PICCOLO_CONF", "appliance.piccolo_conf")

# What a client sees while Postgres is away, starting, being replaced, or can't do what it could do in a while.
LOST = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,  # shut down, starting, statement cancelled
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.TransactionRollbackError,  # a deadlock
    asyncpg.ReadOnlySQLTransactionError,  # a stand-by, before it takes over
    asyncpg.PostgresSystemError,
    asyncpg.InternalClientError,  # the driver's own muddle over a connection that broke while it was made or in use
)
# What it says to a client that was told the wrong name, password or database, or was not let to make tables.
REFUSED = (
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InsufficientPrivilegeError,
)
# The ledger's statements are few, small, and all found by an index: planning each anew costs more than running it.
PLANNING = {"plan_cache_mode": "force_generic_plan"}
STATEMENT_SECONDS = 30.0  # how long a statement may take
ACQUIRE_SECONDS = 10.0  # how long a statement waits for a free connection
CLOSE_SECONDS = 5.0  # how long a connection may take to close; then it is dropped


def engine() -> PostgresEngine:
    """The engine that every table uses."""
    found = engine_finder()
    assert isinstance(found, PostgresEngine)
    return found


@asynccontextmanager
async def pool(most: int = 8, name: str = "") -> AsyncIterator[None]:
    """Opens the pool for the time of the block: at most `most` connections, which go by `name`. Raises Unavailable."""
    with lost_as_unavailable():
        await engine().start_connection_pool(
            min_size=1,
            max_size=most,
            command_timeout=STATEMENT_SECONDS,
            timeout=5,
            reset=_nothing_to_reset,
            server_settings={**PLANNING, "application_name": name},
        )
    try:
        yield
    finally:
        with suppress(TimeoutError):
            # A server behind a broken network never says good-bye, and a process that waits for it is never replaced.
            async with asyncio.timeout(CLOSE_SECONDS):
                await engine().close_connection_pool()


async def _nothing_to_reset(connection: asyncpg.Connection) -> None:
    """Instead of a round trip after each statement: nothing here changes a session (locks have `connect`), and a
    transaction that was left open is rolled back before this is called.
    """


class lost_as_unavailable:
    """Turns a lost database into the domain's Unavailable; or into the cancellation that it hides: a task that is
    cancelled gives its connection back, and where that fails, the driver raises this in the other's place.
    """

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, LOST):
            if (task := asyncio.current_task()) and task.cancelling():
                raise asyncio.CancelledError from error
            raise Unavailable("The ledger is not available at the moment; try again") from error


async def fetch(sql: str, *args: Any) -> list[asyncpg.Record]:
    """Runs one statement in a transaction of its own and gives its rows. Raises Unavailable when Postgres is away."""
    with lost_as_unavailable():
        opened = engine().pool
        if opened is None:
            raise Unavailable("The ledger is not available at the moment; try again")
        async with opened.acquire(timeout=ACQUIRE_SECONDS) as connection:
            try:
                rows: list[asyncpg.Record] = await connection.fetch(sql, *args)
            except TimeoutError:
                # The others may lead to where this one leads: behind a broken network each would take as long.
                await opened.expire_connections()
                raise
            return rows


async def fetch_one(sql: str, *args: Any) -> asyncpg.Record | None:
    """The first row of `fetch`, or None."""
    rows = await fetch(sql, *args)
    return rows[0] if rows else None


async def connect() -> asyncpg.Connection:
    """A connection of its own, outside the pool: for locks that live as long as a session does."""
    with lost_as_unavailable():
        return await asyncpg.connect(engine().config["dsn"], timeout=5)


async def run_scripts(*names: str) -> None:
    """Runs `sql/<name>.sql` of each name, all in one transaction."""
    folder = Path(__file__).parent / "sql"
    connection = await connect()
    try:
        async with connection.transaction():
            for name in names:
                await connection.execute((folder / f"{name}.sql").read_text())
    finally:
        await connection.close()
