"""Event numbers: dense, in the order of commits, and no deadlock, whoever writes beside whom."""

import asyncio
import itertools
import random
from uuid import UUID

import asyncpg

from appliance.accounts import owners
from appliance.ledger.database import fetch
from tests.ledger.book import PROJECT, Book

OTHER = "222"
WRITERS = 16
CYCLE = ("uploaded", "error")  # two states that may follow each other for ever


async def _watch(stream: int, seen: list[int], ending: asyncio.Event) -> None:
    """Reads a stream as a follower does: after the last number seen, again and again."""
    while True:
        last = ending.is_set()
        rows = await fetch(
            "SELECT seq FROM ledger.events WHERE stream = $1 AND seq > $2 ORDER BY seq", stream, seen[-1] if seen else 0
        )
        seen += [row["seq"] for row in rows]
        if last:
            return


async def _toggle(book: Book, assets: list[UUID], dice: random.Random, rounds: int) -> None:
    """Moves random batches over both streams to and fro."""
    for _ in range(rounds):
        batch = dice.sample(assets, dice.randint(1, 12))
        target, source = CYCLE if dice.random() < 0.5 else reversed(CYCLE)
        await book.move(batch, source, target)


async def test_numbers_are_dense_under_sixteen_writers_of_two_streams(book: Book) -> None:
    await owners.PROJECTS.create("other", OTHER)
    assets = [await book.uploaded(owner) for owner in (PROJECT, OTHER) for _ in range(12)]
    seen: dict[str, list[int]] = {PROJECT: [], OTHER: []}
    ending = asyncio.Event()
    watchers = [asyncio.create_task(_watch(await book.stream(o), seen[o], ending)) for o in seen]
    await asyncio.gather(*(_toggle(book, assets, random.Random(n), 25) for n in range(WRITERS)))
    ending.set()
    await asyncio.gather(*watchers)
    for owner in seen:
        numbers = [event["seq"] for event in await book.events(owner)]
        assert numbers == list(range(1, await book.head(owner) + 1))
        # A follower that never looks back has seen them all: a number is not visible before a lower one.
        assert seen[owner] == numbers


async def test_each_asset_tells_its_moves_in_their_order(book: Book) -> None:
    assets = [await book.uploaded() for _ in range(12)]
    await asyncio.gather(*(_toggle(book, assets, random.Random(n), 25) for n in range(WRITERS)))
    told = await book.events()
    for asset in assets:
        states = [event["state"] for event in told if event["asset"] == asset]
        assert states[:2] == ["init", "uploaded"]
        assert all(a != b for a, b in itertools.pairwise(states))
        assert states[-1] == await book.state(asset)


async def test_new_slots_and_batches_of_the_same_stream_do_not_deadlock(book: Book, database_url: str) -> None:
    """A new asset refers to its stream's row, whose counter it then raises; a batch locks that row in between."""
    assets = [await book.uploaded() for _ in range(12)]
    before = await _deadlocks(database_url)

    async def open_slots() -> None:
        for _ in range(60):
            await book.slot()

    writers = [open_slots() for _ in range(8)]
    writers += [_toggle(book, assets, random.Random(n), 60) for n in range(8)]
    await asyncio.gather(*writers)
    assert await _deadlocks(database_url) == before
    assert [event["seq"] for event in await book.events()] == list(range(1, await book.head() + 1))


async def test_batches_that_arrive_at_one_stream_at_once_do_not_deadlock(book: Book, database_url: str) -> None:
    """Inbox and sweep, each with a batch: every asset is updated twice in the transaction, then told of."""
    before = await _deadlocks(database_url)

    async def photos() -> None:
        for _ in range(12):
            slots = [await book.slot() for _ in range(3)]
            await book.ledger.arrive("originals", [book.bytes(slot) for slot in slots])

    await asyncio.gather(*(photos() for _ in range(8)))
    assert await _deadlocks(database_url) == before
    assert [event["seq"] for event in await book.events()] == list(range(1, 8 * 12 * 6 + 1))


async def _deadlocks(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(
            await connection.fetchval("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        )
    finally:
        await connection.close()
