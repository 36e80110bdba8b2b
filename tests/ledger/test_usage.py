"""What is taken up is counted with every move, by all who do it at once, and given back."""

import asyncio
import random
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from appliance.accounts import owners
from appliance.ledger.database import fetch, fetch_one
from appliance.ledger.service import Announced, Asker
from appliance.quotas.errors import LimitReached
from appliance.quotas.limits import Limits, of_slots
from appliance.quotas.service import Usage, set_limits, usage
from tests.ledger.book import PROJECT, Book

STATES = ("init", "expired", "uploaded", "processing", "done", "error", "deleting", "deleted")
SIZE = 4_000_000  # of what a Book uploads


def limits(**of_scope: Limits) -> str:
    """Limits for `scope=Limits(…)`, and none for the others."""
    none = Limits(0, 0, 0, 0)
    return of_slots({"project": none, "user": none, "address": none} | of_scope)


def asker(user: str | None = None, address: str | None = None, /, **of_scope: Limits) -> Asker:
    return Asker(user, address, limits(**of_scope))


async def slot(book: Book, who: Asker, owner: str = PROJECT) -> UUID:
    made = await book.ledger.open_slot("projects", owner, "images", "image", "images", "photo", "a.jpg", 900, who)
    assert made is not None
    return made.id


async def wrong() -> list[Any]:
    return await fetch("SELECT * FROM ledger.miscounted(10)")


async def counted(book: Book, who: Asker, many: int) -> Counter[str]:
    """What became of so many requests for a slot, all at once."""

    async def one() -> str:
        try:
            await slot(book, who)
        except LimitReached as reached:
            return reached.detail
        return "slot"

    return Counter(await asyncio.gather(*(one() for _ in range(many))))


@pytest.mark.parametrize("scope", ["project", "user", "address"])
async def test_hundred_at_once_against_ten_gives_exactly_ten(book: Book, scope: str) -> None:
    became = await counted(book, asker("alice", "a1b2", **{scope: Limits(slots=10)}), 100)
    assert became["slot"] == 10
    assert len(became) == 2
    assert await usage(scope, {"project": PROJECT, "user": "alice", "address": "a1b2"}[scope]) == Usage(10, 10, 0)
    assert await book.head() == 10  # what was refused left no event, and no row
    assert await wrong() == []


async def test_each_scope_is_counted_by_itself(book: Book) -> None:
    await owners.PROJECTS.create("other", "222")
    two = Limits(slots=2)
    for _ in range(2):
        await slot(book, asker("alice", "a1", user=two))
    with pytest.raises(LimitReached, match="This user has 2 uploads open"):
        await slot(book, asker("alice", "b2", user=two), "222")
    await slot(book, asker("bob", "a1", user=two), "222")
    with pytest.raises(LimitReached, match="Your network address has 3 uploads open"):
        await slot(book, asker("carol", "a1", address=Limits(slots=3)))
    with pytest.raises(LimitReached, match="This project has 2 uploads open"):
        await slot(book, asker(project=two))
    assert await wrong() == []


@pytest.mark.parametrize("state", STATES)
async def test_usage_is_what_the_rows_say_in_every_state(book: Book, state: str) -> None:
    await book.asset_in(state)
    expected = {"init": Usage(1, 1, 0), "expired": Usage(), "deleted": Usage()}.get(state, Usage(0, 1, SIZE))
    assert await usage("project", PROJECT) == expected
    assert await wrong() == []


async def test_a_slot_that_runs_out_is_given_back(book: Book) -> None:
    one = asker(project=Limits(slots=1))
    asset = await slot(book, one)
    with pytest.raises(LimitReached) as refused:
        await slot(book, one)
    assert (refused.value.status, refused.value.retry_after) == (429, 15)
    await book.ledger.expire([asset])
    await slot(book, one)


async def test_bytes_that_come_give_the_slot_back_and_late_ones_count(book: Book) -> None:
    one = asker(project=Limits(slots=1))
    first = await slot(book, one)
    await book.ledger.arrive("originals", [book.bytes(first)])
    second = await slot(book, one)
    await book.ledger.expire([second])
    await book.ledger.arrive("originals", [book.bytes(second)])
    assert await usage("project", PROJECT) == Usage(0, 2, 2 * SIZE)
    assert await wrong() == []


async def test_asking_and_cancelling_gives_no_more_slots_than_waiting(book: Book) -> None:
    """The form of what was cancelled is good still; its slot comes back when what it may have stored was erased."""
    one = asker(project=Limits(slots=1))
    asset = await slot(book, one)
    await book.ledger.remove([asset])
    with pytest.raises(LimitReached):
        await slot(book, one)
    await book.ledger.bury(asset)
    await slot(book, one)
    assert await wrong() == []


async def test_files_and_bytes_end_new_uploads_until_something_is_erased(book: Book) -> None:
    kept = await book.asset_in("done")
    with pytest.raises(LimitReached, match="has 1 files"):
        await slot(book, asker(project=Limits(files=1)))
    with pytest.raises(LimitReached, match=f"the {SIZE} bytes"):
        await slot(book, asker(project=Limits(bytes=SIZE)))
    await book.ledger.remove([kept])
    with pytest.raises(LimitReached):  # out of view, but there
        await slot(book, asker(project=Limits(bytes=SIZE)))
    await book.ledger.bury(kept)
    await slot(book, asker(project=Limits(files=1, bytes=SIZE)))


async def test_own_limits_hold_before_those_of_the_settings(book: Book) -> None:
    await set_limits("project", PROJECT, Limits(slots=2))
    assert (await counted(book, asker(project=Limits(slots=5)), 5))["slot"] == 2
    await set_limits("project", PROJECT, Limits(slots=0))
    assert (await counted(book, asker(project=Limits(slots=5)), 8))["slot"] == 8
    await set_limits("project", PROJECT, Limits())
    assert (await counted(book, asker(project=Limits(slots=12)), 5))["slot"] == 2


async def test_nothing_is_counted_for_an_owner_that_there_is_not(book: Book) -> None:
    assert await book.ledger.open_slot("projects", "nobody", "images", "image", "images", "photo", "a", 900) is None
    await owners.PROJECTS.delete(PROJECT)
    assert await book.ledger.open_slot("projects", PROJECT, "images", "image", "images", "photo", "a", 900) is None
    assert await fetch("SELECT FROM ledger.usage") == []


async def test_sixteen_at_once_in_any_order_neither_block_each_other_nor_miscount(book: Book) -> None:
    """Users and addresses work in several projects, and batches go over all of them."""
    projects = [PROJECT, "222", "333"]
    for owner in projects[1:]:
        await owners.PROJECTS.create("other", owner)
    dice = random.Random(7)

    async def one() -> None:
        for _ in range(12):
            made = [(dice.choice(projects), f"u{dice.randrange(3)}", f"a{dice.randrange(3)}") for _ in range(4)]
            mine = [(await slot(book, asker(user, address), owner), owner) for owner, user, address in made]
            dice.shuffle(mine)
            await book.ledger.arrive("originals", [book.bytes(asset, owner=owner) for asset, owner in mine[:3]])
            await book.ledger.remove([asset for asset, _ in mine[1:]])
            await asyncio.gather(*(book.ledger.bury(asset) for asset, _ in mine[2:]))

    await asyncio.gather(*(one() for _ in range(16)))
    assert await wrong() == []
    row = await fetch_one("SELECT sum(slots) AS s, sum(files) AS f FROM ledger.usage WHERE scope = 'project'")
    assert row is not None
    assert (row["s"], row["f"]) == (0, 16 * 12 * 2)


async def test_what_was_miscounted_is_counted_anew_without_losing_limits(book: Book) -> None:
    await slot(book, asker("alice", "a1"))
    await set_limits("project", PROJECT, Limits(files=7))
    await fetch("UPDATE ledger.usage SET slots = slots + 3, bytes = -5 WHERE scope <> 'address'")
    await fetch("DELETE FROM ledger.usage WHERE scope = 'address'")
    assert len(await wrong()) == 3
    assert (await fetch("SELECT ledger.recount()"))[0][0] == 3
    assert await wrong() == []
    row = await fetch_one("SELECT most_files FROM ledger.usage WHERE scope = 'project'")
    assert row is not None
    assert row["most_files"] == 7


async def test_what_there_was_before_usage_was_counted_is(book: Book) -> None:
    for state in STATES:
        await book.asset_in(state)
    before = await usage("project", PROJECT)
    await fetch("TRUNCATE ledger.usage")
    await fetch("SELECT ledger.begin_usage()")
    assert await usage("project", PROJECT) == before == Usage(1, 6, 5 * SIZE)


async def test_who_has_nothing_is_forgotten_but_for_own_limits(book: Book) -> None:
    asset = await slot(book, asker("alice", "a1"))
    await set_limits("user", "alice", Limits(slots=3))
    await book.ledger.expire([asset])
    await slot(book, asker("bob"))
    await fetch("SELECT ledger.forget_idle_usage()")
    left = await fetch("SELECT scope, id FROM ledger.usage ORDER BY scope, id")
    assert [(row["scope"], row["id"]) for row in left] == [("project", PROJECT), ("user", "alice"), ("user", "bob")]


async def test_a_deleted_asset_keeps_no_trace_of_who_asked(book: Book) -> None:
    asset = await slot(book, asker("alice", "a1"))
    await book.ledger.remove([asset])
    await book.ledger.bury(asset)
    row = await book.row(asset)
    assert (row["uploader"], row["address"]) == (None, None)


async def test_what_is_announced_must_fit_in(book: Book) -> None:
    who = asker(project=Limits(slots=0, files=0, bytes=1000, requests=0))

    async def opened(size: int | None) -> object:
        kind = ("images", "image", "images", "photo")
        return await book.ledger.open_slot("projects", PROJECT, *kind, "a.jpg", 900, who, Announced(size))

    assert await opened(1000)
    assert await opened(None)
    with pytest.raises(LimitReached, match="1000 bytes"):
        await opened(1001)
    assert not await wrong()
