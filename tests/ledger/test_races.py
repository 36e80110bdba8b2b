"""Real connections, all at once: whoever races whom, events stay dense and tell what was; and races are found."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from appliance.accounts import owners
from appliance.errors import Unavailable
from tests.daemons.postgres import Postgres
from tests.ledger.book import Book
from tests.ledger.model import witness
from tests.ledger.model.crowd import OWNERS, Crowd, Follower
from tests.ledger.model.faults import FOUND_BY_CROWD
from tests.ledger.model.witness import Broken, holds

SEED = 20261121
MEMBERS = 12
SLOW = "usage counted without its lock"


@pytest.fixture
def database_url(postgres: Postgres, witnessed: str) -> str:
    """One with a witness, for each test."""
    return postgres.make("raced", witnessed)


@pytest.fixture
async def crowd(book: Book, postgres: Postgres) -> AsyncIterator[Crowd]:
    for owner in set(OWNERS) - {"111"}:
        await owners.PROJECTS.create("races", owner)
    yield Crowd(book)
    postgres.drop("raced")


async def fought(crowd: Crowd, url: str, rounds: int) -> int:
    """A fight, followed and judged; how many kinds of moves were seen in it. Raises Broken."""
    followers = [Follower(await crowd.book.stream(owner)) for owner in OWNERS]
    following = [asyncio.create_task(follower.follow()) for follower in followers]
    await crowd.fight(MEMBERS, rounds, SEED)
    for follower in followers:
        follower.ending.set()
    await asyncio.gather(*following)
    connection = await asyncpg.connect(url)
    try:
        await witness.check(connection)
        rows = await connection.fetch("SELECT asset, lease FROM witness.moves WHERE target = 'done'")
        holds(
            sorted(crowd.done) == sorted((row["asset"], row["lease"]) for row in rows),
            "what became done is not what workers were told",
        )
        return int(await connection.fetchval("SELECT count(DISTINCT (source, target)) FROM witness.moves"))
    finally:
        await connection.close()


async def test_promises_are_kept_by_all_at_once(crowd: Crowd, database_url: str) -> None:
    assert await fought(crowd, database_url, rounds=150) >= 11, "hardly anything happened"


@pytest.mark.long
async def test_promises_are_kept_by_all_at_once_for_long(crowd: Crowd, database_url: str) -> None:
    assert await fought(crowd, database_url, rounds=1500) >= 13


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long) if name == SLOW else name for name in FOUND_BY_CROWD]
)
async def test_planted_race_is_found(name: str, crowd: Crowd, database_url: str, postgres: Postgres) -> None:
    postgres.psql("raced", FOUND_BY_CROWD[name].sql())
    with pytest.raises((Broken, Unavailable, asyncpg.PostgresError), match=FOUND_BY_CROWD[name].found):
        await fought(crowd, database_url, rounds=150)
