"""Open slots: looked up less and less often, closed when their form ran out, and then looked at for late bytes."""

import itertools
from uuid import UUID

import asyncpg

from appliance.ledger.database import fetch
from tests.ledger.book import Book, Clock, age

LOOK_UP = "SELECT id, state::text, overdue FROM ledger.look_up($1)"


async def _due(most: int = 100) -> list[tuple[UUID, str, bool]]:
    rows = await fetch(LOOK_UP, most)
    return [(row["id"], row["state"], row["overdue"]) for row in rows]


async def test_look_ups_back_off_from_five_seconds_to_a_minute_until_the_form_ran_out(book: Book) -> None:
    asset = await book.slot(seconds=900)
    clock, looks = Clock(asset), []
    for second in range(1200):
        found = await clock.fetch(1 if second else 0, LOOK_UP, 100)
        looks += [(second, row["overdue"]) for row in found]
        if looks and looks[-1][1]:
            break
    pauses = [later - earlier for (earlier, _), (later, _) in itertools.pairwise([(0, False), *looks])]
    assert pauses[:8] == [5, 5, 8, 12, 17, 26, 38, 57]
    assert set(pauses[8:-1]) == {60}
    assert 955 <= looks[-1][0] <= 961, "960, less what there was between the slot and the first look"
    assert await book.ledger.expire([asset]) == [asset]


async def test_an_overdue_slot_is_asked_for_no_more_often_while_storage_gives_no_answer(book: Book) -> None:
    """Else after its grace time every slot of a night without storage would be looked up every second."""
    asset = await book.slot(seconds=900)
    await fetch("UPDATE ledger.assets SET checks = 20 WHERE id = $1", asset)
    await age(asset, 1000)
    assert [overdue for _, _, overdue in await _due()] == [True]
    await age(asset, 50)
    assert await _due() == []
    await age(asset, 11)
    assert [overdue for _, _, overdue in await _due()] == [True]


async def test_an_expired_slot_is_looked_at_a_few_times_more_and_then_never(book: Book) -> None:
    asset = await book.asset_in("expired")
    looks = []
    for minute in range(600):
        looks += [minute for _ in await _due()]
        await age(asset, 60)
    assert looks == [5, 25, 105, 425]
    assert (await book.row(asset))["check_at"] is None


async def test_the_most_overdue_come_first_and_nothing_comes_twice(book: Book) -> None:
    assets = [await book.slot() for _ in range(6)]
    for n, asset in enumerate(assets):
        await age(asset, 20 - n)
    first = [asset for asset, _, _ in await _due(2)]
    rest = [asset for asset, _, _ in await _due(100)]
    assert set(first) == set(assets[:2])
    assert set(rest) == set(assets[2:])


async def test_a_slot_that_is_being_moved_is_not_waited_for(book: Book, database_url: str) -> None:
    asset = await book.slot()
    await age(asset, 10)
    other = await asyncpg.connect(database_url)
    try:
        async with other.transaction():
            await other.execute("SELECT FROM ledger.assets WHERE id = $1 FOR UPDATE", asset)
            assert await _due() == []
    finally:
        await other.close()
    assert [found for found, _, _ in await _due()] == [asset]
