"""Editions in the ledger: which step may follow which, whoever writes it, and what is told of it."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest

from appliance.accounts import owners
from appliance.accounts.whose import Whose
from appliance.errors import NotFound
from appliance.ledger.database import fetch, fetch_one
from appliance.ledger.service import Asker, Bytes
from appliance.live.service import bounds, events
from appliance.profiles import editions, moderation
from appliance.profiles.states import State
from storage import layout
from tests.ledger.book import Book

UPLOADED = """
INSERT INTO profile_uploads (user_id, role, asset) VALUES ($1, $2, $3)
ON CONFLICT (user_id, role) DO UPDATE SET asset = excluded.asset
"""
SEEN = "SELECT FROM profiles p JOIN profile_editions e ON e.id = p.edition AND e.state = 'published'"
MOVES = """
SELECT m.stream FROM profile_editions e
CROSS JOIN LATERAL ledger.move_edition(e.id, 'awaiting_payment', 'expired', '', 'gates', NULL, '111') m
WHERE e.profile = $1 AND e.state = 'awaiting_payment'
"""
PUBLISHES = """
SELECT p.stream FROM profile_editions e CROSS JOIN LATERAL ledger.publish_edition(e.id, '111') p WHERE e.profile = $1
"""
FORM = '{"name": "Anna", "activity_hobbies": "", "is_incognito": false}'

STEPS = [
    *(("draft", "awaiting_payment"), ("draft", "rejected"), ("draft", "expired")),
    *(("awaiting_payment", "in_review"), ("awaiting_payment", "expired")),
    *(("in_review", "processing"), ("in_review", "rejected"), ("in_review", "expired")),
    *(("processing", "published"), ("processing", "rejected"), ("processing", "expired")),
    *(("in_review", "awaiting_payment"), ("processing", "awaiting_payment")),
    ("published", "expired"),
]


async def picture(book: Book, user: str, role: str = "image", recipe: str = "file") -> UUID:
    """A developed picture that was uploaded for a profile."""
    slot = await book.ledger.open_slot("users", user, "images", "image", "images", recipe, "a.jpg", 900, Asker(user))
    assert slot is not None
    key = layout.original_key("users", user, "images", slot.id)
    await book.ledger.arrive("originals", [Bytes(slot.id, key, "v1", 4_000_000, "etag")])
    claim = await book.ledger.claim(slot.id, 30)
    assert claim is not None
    await book.finish(claim)
    await fetch(UPLOADED, user, role, slot.id)
    return slot.id


async def opened(book: Book, user: str = "anna") -> UUID:
    """An edition of a user at the first gate."""
    await owners.USERS.create("wallet", user)
    return await again(book, user)


async def paid(edition: UUID, status: str = "confirmed") -> None:
    await fetch(
        "INSERT INTO profile_payments (edition, provider, status) VALUES ($1, 'manual', $2) "
        "ON CONFLICT (edition) DO UPDATE SET status = $2",
        edition,
        status,
    )


async def moved(edition: UUID, source: str, target: str) -> bool:
    rows = await fetch("SELECT * FROM ledger.move_edition($1, $2, $3, '', 'gates', 0, NULL)", edition, source, target)
    return bool(rows)


async def in_review(book: Book, user: str = "anna") -> UUID:
    edition = await opened(book, user)
    await moved(edition, "draft", "awaiting_payment")
    await paid(edition)
    assert await moved(edition, "awaiting_payment", "in_review")
    return edition


async def judged(edition: UUID, moderator: str, approved: bool = True) -> str:
    sql = "SELECT verdict FROM ledger.judge_edition($1, $2, $3, 'so it is', NULL)"
    return str((await fetch(sql, edition, moderator, approved))[0]["verdict"])


async def claimed(edition: UUID, moderator: str) -> None:
    await moderation.claim(edition, moderator, 900)


async def published(book: Book, user: str = "anna") -> UUID:
    edition = await in_review(book, user)
    await claimed(edition, "vera")
    assert await judged(edition, "vera") == "done"
    assert await fetch("SELECT * FROM ledger.publish_edition($1, NULL)", edition)
    return edition


async def state(edition: UUID) -> str:
    row = await fetch_one("SELECT state FROM profile_editions WHERE id = $1", edition)
    assert row is not None
    return str(row["state"])


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def refused(sql: asyncpg.Connection, edition: UUID, source: str, target: str) -> bool:
    """Whether a bare UPDATE from one state to another is; nothing stays of it."""
    transaction = sql.transaction()
    await transaction.start()
    try:
        await sql.execute("SET LOCAL session_replication_role = replica")  # nobody watches
        await sql.execute("UPDATE profile_editions SET state = $2 WHERE id = $1", edition, source)
        await sql.execute("SET LOCAL session_replication_role = origin")
        await sql.execute("UPDATE profile_editions SET state = $2 WHERE id = $1", edition, target)
    except asyncpg.CheckViolationError:
        return True
    else:
        return False
    finally:
        await transaction.rollback()


async def test_only_these_steps_can_be_made_by_anybody(book: Book, sql: asyncpg.Connection) -> None:
    edition = await opened(book)
    await paid(edition)
    await fetch("UPDATE profile_editions SET approved_by = 'vera', approved_at = now() WHERE id = $1", edition)
    pairs = [(source, target) for source in State for target in State if source != target]
    assert {pair for pair in pairs if not await refused(sql, edition, *pair)} == set(STEPS)


@pytest.mark.parametrize("status", ["due", "seen", None])
async def test_no_gate_behind_the_payment_is_reached_unpaid(
    book: Book, sql: asyncpg.Connection, status: str | None
) -> None:
    edition = await opened(book)
    if status:
        await paid(edition, status)
    await fetch("UPDATE profile_editions SET approved_by = 'vera', approved_at = now() WHERE id = $1", edition)
    behind = [step for step in STEPS if step[1] in ("in_review", "processing", "published")]
    assert [await refused(sql, edition, *step) for step in behind] == [True, True, True]


async def test_nothing_is_processed_or_published_that_nobody_approved(book: Book, sql: asyncpg.Connection) -> None:
    edition = await opened(book)
    await paid(edition)
    assert not await refused(sql, edition, "awaiting_payment", "in_review")
    assert await refused(sql, edition, "in_review", "processing")
    assert await refused(sql, edition, "processing", "published")


async def test_an_edition_begins_as_a_draft(book: Book, sql: asyncpg.Connection) -> None:
    edition = await opened(book)
    insert = """
        INSERT INTO profile_editions (profile, name, state) SELECT profile, 'b', $2 FROM profile_editions WHERE id = $1
    """
    for other in set(State) - {State.DRAFT}:
        with pytest.raises(asyncpg.CheckViolationError):
            await sql.execute(insert, edition, other)


async def test_of_forty_sent_in_at_once_one_is_on_its_way(book: Book) -> None:
    await owners.USERS.create("wallet", "anna")
    media = f'{{"image": "{await picture(book, "anna")}"}}'
    statement = "SELECT * FROM ledger.open_edition('anna', $1::jsonb, '{}', '[]', $2::jsonb, NULL)"
    tried = await asyncio.gather(*(fetch(statement, FORM, media) for _ in range(40)))
    assert Counter(rows[0]["verdict"] for rows in tried) == {"new": 1, "busy": 39}
    assert len({rows[0]["edition"] for rows in tried}) == 1


async def test_a_file_of_somebody_else_can_be_in_no_edition(book: Book) -> None:
    await owners.USERS.create("wallet", "anna")
    await owners.USERS.create("wallet", "ben")
    media = f'{{"image": "{await picture(book, "ben")}"}}'
    statement = "SELECT * FROM ledger.open_edition('anna', $1::jsonb, '{}', '[]', $2::jsonb, NULL)"
    assert [row["verdict"] for row in await fetch(statement, FORM, media)] == ["no_media"]


async def test_a_double_click_decides_once(book: Book) -> None:
    edition = await in_review(book)
    await claimed(edition, "vera")
    verdicts = await asyncio.gather(*(judged(edition, "vera") for _ in range(10)))
    assert Counter(verdicts) == {"done": 1, "again": 9}
    assert await judged(edition, "vera", approved=False) == "lost"
    assert await state(edition) == "processing"


async def test_of_two_moderators_one_has_it(book: Book) -> None:
    edition = await in_review(book)
    tried = await asyncio.gather(claimed(edition, "vera"), claimed(edition, "olga"), return_exceptions=True)
    assert [type(one) for one in tried if one is not None] == [moderation.Taken]
    winner, loser = ("vera", "olga") if tried[0] is None else ("olga", "vera")
    assert await judged(edition, loser) == "lost"
    assert await judged(edition, winner) == "done"


async def test_what_is_not_paid_any_more_can_be_turned_down_and_not_approved(book: Book) -> None:
    edition = await in_review(book)
    await claimed(edition, "vera")
    await paid(edition, "due")
    assert await judged(edition, "vera") == "unpaid"
    assert await judged(edition, "vera", approved=False) == "done"


async def test_the_next_edition_takes_the_place_in_one_moment(book: Book) -> None:
    first = await published(book)
    second = await again(book)
    await moved(second, "draft", "awaiting_payment")
    await paid(second)
    await moved(second, "awaiting_payment", "in_review")
    await claimed(second, "vera")
    await judged(second, "vera")
    seen: list[int] = []

    async def watch() -> None:
        while await state(second) != "published":
            seen.append(len(await fetch(SEEN)))

    watching = asyncio.create_task(watch())
    await fetch("SELECT * FROM ledger.publish_edition($1, NULL)", second)
    await watching
    assert set(seen) <= {1}
    assert (await state(first), await state(second)) == ("expired", "published")


async def test_publishing_twice_or_unpaid_does_nothing(book: Book) -> None:
    edition = await in_review(book)
    await claimed(edition, "vera")
    await judged(edition, "vera")
    await paid(edition, "due")
    assert await fetch("SELECT * FROM ledger.publish_edition($1, NULL)", edition) == []
    await paid(edition)
    told = await asyncio.gather(*(fetch("SELECT * FROM ledger.publish_edition($1, NULL)", edition) for _ in range(8)))
    assert sum(bool(rows) for rows in told) == 1


async def test_a_payment_goes_on_to_the_next_edition_until_one_was_seen(book: Book) -> None:
    first = await in_review(book)
    await claimed(first, "vera")
    await judged(first, "vera", approved=False)
    second = await again(book)
    assert [row["edition"] for row in await fetch("SELECT edition FROM profile_payments")] == [second]
    await moved(second, "draft", "awaiting_payment")
    await moved(second, "awaiting_payment", "in_review")
    await claimed(second, "vera")
    await judged(second, "vera")
    await fetch("SELECT * FROM ledger.publish_edition($1, NULL)", second)
    third = await again(book)
    assert [row["edition"] for row in await fetch("SELECT edition FROM profile_payments")] == [second]
    assert third != second


async def test_its_owner_is_told_of_each_step_without_a_gap(book: Book) -> None:
    edition = await published(book)
    here = await bounds(Whose("users", "anna"))
    found = await events(here.stream, 0)
    assert [event.seq for event in found] == list(range(1, here.head + 1))
    told = [event.facts for event in found if event.type == "profile"]
    assert [fact["state"] for fact in told] == ["draft", "awaiting_payment", "in_review", "processing", "published"]
    assert {fact["edition_id"] for fact in told} == {str(edition)}


async def test_a_projects_webhooks_can_be_told_too(book: Book) -> None:
    edition = await opened(book)
    rows = await fetch("SELECT * FROM ledger.move_edition($1, 'draft', 'expired', 'so', 'owner', NULL, '111')", edition)
    assert len({row["stream"] for row in rows}) == 2
    told = [event.facts for event in await events(await book.stream(), 0) if event.type == "profile"]
    assert [(fact["user_id"], fact["state"], fact["reason"]) for fact in told] == [("anna", "expired", "so")]


async def test_a_profile_goes_with_all_its_media_and_its_hashtags(book: Book) -> None:
    edition = await published(book)
    profile = (await editions.edition(edition)).profile
    extra = await picture(book, "anna", "logo")
    for _ in range(2):
        await fetch("SELECT * FROM ledger.remove_profile($1, NULL)", profile)
    states = await fetch("SELECT DISTINCT state::text AS state FROM ledger.assets WHERE owner = 'anna'")
    assert [row["state"] for row in states] == ["deleting"]
    assert await book.state(extra) == "deleting"
    for table in ("profiles", "profile_editions", "profile_media", "profile_uploads", "profile_hashtags"):
        assert await fetch(f"SELECT FROM {table}") == []


async def test_whoever_races_for_one_profile_none_waits_for_ever(book: Book) -> None:
    profiles = [(await editions.edition(await published(book, user))).profile for user in ("anna", "ben", "cleo")]
    for user in ("anna", "ben", "cleo"):
        edition = await again(book, user)
        await moved(edition, "draft", "awaiting_payment")
    ways = [
        "SELECT stream FROM ledger.withdraw_edition($1, 'owner', '111')",
        "SELECT stream FROM ledger.remove_profile($1, '111')",
        MOVES,
        PUBLISHES,
    ]
    done = await asyncio.gather(
        *(fetch(way, profile) for profile in profiles for way in ways for _ in range(4)), return_exceptions=True
    )
    assert [one for one in done if isinstance(one, BaseException)] == []
    assert await fetch("SELECT FROM profiles") == []


async def test_a_deleted_user_has_no_profile_any_more(book: Book) -> None:
    edition = await published(book)
    profile = (await editions.edition(edition)).profile
    await owners.USERS.delete("anna")
    with pytest.raises(NotFound):
        await editions.shown(profile)
    assert await owners.USERS.forget() == []  # there is something of this one still
    assert [row["id"] for row in await fetch("SELECT * FROM ledger.orphaned_profiles(10)")] == [profile]


async def again(book: Book, user: str = "anna") -> UUID:
    """The next edition of somebody who has one."""
    media = f'{{"image": "{await picture(book, user)}"}}'
    statement = "SELECT * FROM ledger.open_edition($1, $2::jsonb, '{}', '[]', $3::jsonb, NULL)"
    rows = await fetch(statement, user, FORM, media)
    assert rows[0]["verdict"] == "new"
    made: UUID = rows[0]["edition"]
    return made
