"""Hashtags of what is published: who has which, how many each, and that the counts are right whoever comes at once."""

import asyncio
import random
from collections import Counter
from uuid import UUID

import pytest

from appliance.ledger.database import fetch
from appliance.profiles import tags
from appliance.profiles.tags import Hashtag
from tests.ledger.book import Book

NAMES = ["горы", "gaming", "travel", "50%_off", "5000", "ё"]


async def profile() -> UUID:
    [row] = await fetch(
        "WITH u AS (INSERT INTO users (id, name) VALUES (gen_random_uuid()::text, $$wallet$$) RETURNING id) "
        "INSERT INTO profiles (user_id) SELECT id FROM u RETURNING id"
    )
    return UUID(str(row["id"]))


async def tag(who: UUID, *names: str) -> None:
    await fetch("SELECT ledger.tag_profile($1, $2, now())", who, list(names))


async def counted() -> dict[str, int]:
    return {
        row["name"]: row["profiles"] for row in await fetch("SELECT name, profiles FROM hashtags WHERE profiles > 0")
    }


async def told(prefix: str = "", after: Hashtag | None = None, limit: int = 10) -> list[tuple[str, int]]:
    return [(one.name, one.profiles) for one in await tags.popular(prefix, after, limit)]


async def test_a_profiles_hashtags_take_the_place_of_those_before(book: Book) -> None:
    first, second = await profile(), await profile()
    await tag(first, "горы", "travel")
    await tag(second, "горы")
    await tag(first, "горы", "gaming")
    assert await counted() == {"горы": 2, "gaming": 1}
    await tag(first, "горы", "gaming")
    assert await counted() == {"горы": 2, "gaming": 1}
    await tag(first)
    assert await counted() == {"горы": 1}
    assert await told() == [("горы", 1)]


async def test_the_most_used_come_first_in_pages_and_by_how_they_begin(book: Book) -> None:
    for number, name in enumerate(["a", "b", "b1", "b_1", "50%_off", "5000"], 1):
        for _ in range(number // 2):
            await tag(await profile(), name)
    whole = await told()
    assert whole == [("5000", 3), ("50%_off", 2), ("b_1", 2), ("b", 1), ("b1", 1)]
    paged, after = [], None
    while page := await tags.popular("", after, 2):
        paged += page
        after = page[-1]
    assert [(one.name, one.profiles) for one in paged] == whole
    assert await told("b") == [("b_1", 2), ("b", 1), ("b1", 1)]
    assert await told("b", Hashtag("b_1", 2)) == [("b", 1), ("b1", 1)]
    assert await told("50%") == [("50%_off", 2)]
    assert await told("b_") == [("b_1", 2)]
    assert await told("\\") == []


@pytest.mark.parametrize("seed", [1, 2])
async def test_counts_are_right_and_nobody_meets_whoever_comes_at_once(book: Book, seed: int) -> None:
    choose = random.Random(seed)
    people = [await profile() for _ in range(6)]
    changes = [(choose.choice(people), choose.sample(NAMES, choose.randrange(len(NAMES) + 1))) for _ in range(120)]
    await asyncio.gather(*(tag(who, *names) for who, names in changes))
    has = await fetch("SELECT t.profile, h.name FROM profile_hashtags t JOIN hashtags h ON h.id = t.hashtag")
    assert await counted() == dict(Counter(row["name"] for row in has))
    for who in people:
        mine = {row["name"] for row in has if row["profile"] == who}
        assert any(mine == set(names) for one, names in changes if one == who), "not those of one change"


async def test_pages_are_read_from_an_index(book: Book) -> None:
    await fetch("INSERT INTO hashtags (name, profiles) SELECT 'tag' || n, n % 100 FROM generate_series(1, 20000) n")
    await fetch("ANALYZE hashtags")
    for query, arguments, index in (
        (tags.PAGE, (20, 50, "tag5"), "hashtags_by_use"),
        (tags.PAGE, (20, None, ""), "hashtags_by_use"),
        (tags.BEGINNING, (20, None, "", "tag77", "tag78"), "hashtags_by_name"),
    ):
        plan = "\n".join(row[0] for row in await fetch(f"EXPLAIN {query}", *arguments))
        assert index in plan, plan
