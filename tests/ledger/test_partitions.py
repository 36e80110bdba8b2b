"""Events by month: this one's and the next one's partition are there, and what is old enough goes."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from appliance.accounts.whose import Whose
from appliance.ledger.database import fetch
from tests.daemons.postgres import Postgres
from tests.ledger.book import PROJECT, Book
from tests.ledger.conftest import TEMPLATE


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    yield postgres.make("partitions", TEMPLATE)
    postgres.drop("partitions")


async def _partitions() -> list[str]:
    children = "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'ledger.events'::regclass"
    return sorted(row["name"] for row in await fetch(children))


def _month(at: datetime) -> str:
    return f"ledger.events_{at:%Y%m}"


async def test_partitions_of_two_months_are_made_and_old_ones_dropped(book: Book) -> None:
    now = datetime.now(UTC)
    following = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
    wanted = [_month(now), _month(following)]
    assert await _partitions() == wanted
    for month in ("202001", "202002"):
        start = f"{month[:4]}-{month[4:]}-01"
        await fetch(
            f"CREATE TABLE ledger.events_{month} PARTITION OF ledger.events "
            f"FOR VALUES FROM ('{start} 00:00+00') TO ('{start[:5]}{int(month[4:]) + 1:02}-01 00:00+00')"
        )
    ages = (now - datetime(2020, 2, 1, tzinfo=UTC)).days
    assert (await fetch("SELECT ledger.keep_partitions($1) AS n", ages + 5))[0]["n"] == 0
    assert (await fetch("SELECT ledger.keep_partitions($1) AS n", ages - 5))[0]["n"] == 1
    assert await _partitions() == ["ledger.events_202002", *wanted]
    assert (await fetch("SELECT ledger.keep_partitions(30) AS n"))[0]["n"] == 1
    assert (await fetch("SELECT ledger.keep_partitions(30) AS n"))[0]["n"] == 0
    assert await _partitions() == wanted


async def test_the_oldest_event_kept_is_told_after_a_drop(book: Book) -> None:
    from appliance.live.service import bounds

    for _ in range(3):
        await book.slot()
    stream = await book.stream()
    await fetch("DELETE FROM ledger.events WHERE stream = $1 AND seq <= 2", stream)
    assert (await bounds(Whose("projects", PROJECT)))[:3] == (stream, 3, 3)
    await fetch("DELETE FROM ledger.events")
    assert (await bounds(Whose("projects", PROJECT)))[:3] == (stream, 3, 4)


async def test_months_join_without_a_gap_whatever_the_zone_of_the_server(book: Book, database_url: str) -> None:
    following = (await _partitions())[1]
    bound = "SELECT pg_get_expr(relpartbound, oid) AS bound FROM pg_class WHERE oid = $1::text::regclass"
    before = (await fetch(bound, following))[0]["bound"]
    await fetch(f"DROP TABLE {following}")
    abroad = await asyncpg.connect(database_url, server_settings={"timezone": "America/New_York"})
    try:
        await abroad.execute("SELECT ledger.keep_partitions(30)")
    finally:
        await abroad.close()
    assert (await fetch(bound, following))[0]["bound"] == before
