"""The ledger's fixtures, and a Valkey that tests may kill."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest

from appliance.ledger.database import fetch
from tests.daemons import valkey as queue
from tests.daemons.valkey import Valkey
from tests.ledger.book import Book
from tests.ledger.conftest import book, database_url, postgres, shared_url

__all__ = ["book", "database_url", "postgres", "shared_url"]


@pytest.fixture(scope="package")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = queue.start(tmp_path_factory.mktemp("live-valkey"))
    yield server
    server.daemon.stop()


@pytest.fixture
def valkey_url(valkey: Valkey) -> str:
    return f"redis://:{valkey.password}@127.0.0.1:{valkey.port}/0"


@pytest.fixture
async def month(book: Book) -> AsyncIterator[datetime]:
    """A time in a month that is to be dropped: its events are kept until `noticed.drop` is called."""
    [row] = await fetch("SELECT date_trunc('month', now(), 'UTC') - interval '3 months' AS month")
    begins = row["month"].astimezone(UTC)
    ends = (await fetch("SELECT $1::timestamptz + interval '31 days' AS ends", begins))[0]["ends"].replace(day=1)
    name = f"events_{begins:%Y%m}"
    await fetch(f"CREATE TABLE ledger.{name} PARTITION OF ledger.events FOR VALUES FROM ('{begins}') TO ('{ends}')")
    await fetch("SELECT ledger.keep_partitions(3650)")
    yield begins
    await fetch("SELECT ledger.keep_partitions(30)")
