"""What a chat keeps, in the ledger: nothing goes once a hold is answered, else what is past its time, and no more."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from appliance.accounts import owners
from appliance.accounts.whose import Whose
from appliance.chats import export, keeping, rooms
from appliance.chats.keeping import Retention
from appliance.chats.messages import Post, page
from appliance.config import current
from appliance.errors import LegalHold, NotFound
from appliance.ledger.database import fetch
from appliance.live.service import bounds, events
from tests.ledger.book import Book
from tests.ledger.test_chats import CHAT, older, outcomes, post, slot
from tests.ledger.test_cost import check_cost

__all__ = ["post"]  # a fixture

SEEN = "SELECT id FROM chat_messages WHERE deleted_at IS NULL ORDER BY created_at"


@pytest.fixture
async def other(database_url: str, book: Book) -> AsyncIterator[asyncpg.Connection]:
    """A second connection, whose transaction ends when a test says so."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


@pytest.fixture
def retention(book: Book) -> Retention:
    return Retention(book._ring, current())


async def said(book: Book, post: Post, files: int = 1) -> tuple[UUID, list[UUID]]:
    sent = [await slot(book) for _ in range(files)]
    message, _ = await post.say(CHAT, "anna", "a", sent, None)
    return message.id, sent


async def aged(days: float, *messages: UUID) -> None:
    await fetch(
        "UPDATE chat_messages SET created_at = created_at - make_interval(secs => $1 * 86400) WHERE id = ANY ($2)",
        float(days),
        list(messages),
    )


async def in_view() -> list[UUID]:
    return [row["id"] for row in await fetch(SEEN)]


async def waiting(what: Awaitable[Any]) -> "asyncio.Task[Any]":
    """It has begun, and waits for a lock."""
    task = asyncio.ensure_future(what)
    async with asyncio.timeout(10):
        while not await fetch("SELECT FROM pg_locks WHERE NOT granted"):
            assert not task.done(), task
            await asyncio.sleep(0.01)
    return task


async def test_nothing_that_was_said_goes_while_it_is_held(book: Book, post: Post, retention: Retention) -> None:
    message, files = await said(book, post, 2)
    unclaimed = await slot(book)
    await aged(400, message)
    await keeping.keep(CHAT, 1)
    await keeping.hold(CHAT, "a trial")
    with pytest.raises(LegalHold):
        await post.unsay(CHAT, message, None)
    with pytest.raises(LegalHold):
        await owners.CHATS.delete(CHAT)
    assert await retention.drop() == 0
    elsewhere = await book.slot()
    assert set(await book.ledger.remove([*files, unclaimed, elsewhere])) == {unclaimed, elsewhere}, "nobody's words go"
    assert [await book.state(file) for file in files] == ["init", "init"]
    assert await in_view() == [message]
    assert await keeping.release(CHAT) == "a trial"
    assert await keeping.release(CHAT) is None
    assert await retention.drop() == 1
    assert [await book.state(file) for file in files] == ["deleting", "deleting"]
    await owners.CHATS.delete(CHAT)
    with pytest.raises(NotFound):
        await keeping.hold(CHAT, "too late")


async def test_a_held_file_keeps_the_name_that_it_was_published_under(book: Book, post: Post) -> None:
    """Else the same file could be published twice."""
    file = await slot(book)
    await post.say(CHAT, "anna", "", [file], f"file:{file}")
    await keeping.hold(CHAT, "a trial")
    assert not await book.ledger.detach(file)
    [message] = await page(CHAT, None, 10)
    assert message.client_id == f"file:{file}"
    await keeping.release(CHAT)
    assert await book.ledger.detach(file)
    [message] = await page(CHAT, None, 10)
    assert message.client_id is None


async def test_an_upload_that_is_never_said_is_dropped_of_a_held_chat_too(book: Book, post: Post) -> None:
    forgotten = await slot(book)
    _, [kept] = await said(book, post)
    await keeping.hold(CHAT, "a trial")
    await older(3601)
    assert await book.ledger.drop_unclaimed(3600) == [forgotten]
    assert await book.state(kept) == "init"


async def test_a_hold_waits_for_a_deletion_under_way(book: Book, post: Post, other: asyncpg.Connection) -> None:
    """Were it answered at once, the message would disappear after it."""
    [file], (message, _) = (await said(book, post))[1], await said(book, post, 0)
    for deletion, given in (
        ("SELECT ledger.remove(ARRAY[$1::uuid])", [file]),
        ("SELECT ledger.unsay($1, $2, NULL)", [CHAT, message]),
    ):
        began = other.transaction()
        await began.start()
        await other.fetch(deletion, *given)
        holding = await waiting(keeping.hold(CHAT, "a trial"))
        await began.commit()
        await holding
        await keeping.release(CHAT)
    assert await book.state(file) == "deleting"
    assert message not in await in_view()


async def test_a_deletion_waits_for_a_hold_under_way_and_is_refused(
    book: Book, post: Post, other: asyncpg.Connection
) -> None:
    message, [file] = await said(book, post)
    for deletion in (
        lambda: post.unsay(CHAT, message, "anna"),
        lambda: owners.CHATS.delete(CHAT),
        lambda: book.ledger.remove([file]),
        lambda: book.ledger.detach(file),
    ):
        async with other.transaction():
            await other.execute("UPDATE chats SET held_at = now(), held_reason = 'a trial' WHERE id = $1", CHAT)
            deleting = await waiting(deletion())
        [ended] = await outcomes(deleting)
        assert isinstance(ended, LegalHold) or not ended
        await keeping.release(CHAT)
    assert await in_view() == [message]
    assert await book.state(file) == "init"


async def test_in_a_crowd_what_was_there_when_the_hold_was_answered_stays(book: Book, post: Post) -> None:
    every = [await said(book, post) for _ in range(40)]

    async def deleted() -> None:
        await outcomes(
            *(post.unsay(CHAT, message, None) for message, _ in every[::2]),
            *(book.ledger.remove(files) for _, files in every),
        )

    async def held() -> tuple[set[UUID], set[UUID]]:
        await asyncio.sleep(0.02)
        await keeping.hold(CHAT, "a trial")
        return set(await in_view()), await files_in_view()

    _, (messages, files) = await asyncio.gather(deleted(), held())
    assert set(await in_view()) == messages
    assert await files_in_view() == files


async def files_in_view() -> set[UUID]:
    return {row["id"] for row in await fetch("SELECT id FROM ledger.assets WHERE owner = $1 AND state = 'init'", CHAT)}


async def test_what_is_older_than_its_retention_goes_and_nothing_else(
    book: Book, post: Post, retention: Retention
) -> None:
    old, [file] = await said(book, post)
    young, _ = await said(book, post)
    await rooms.opened("keeps all", ["anna"], None, "forever")
    elsewhere, _ = await post.say("forever", "anna", "a", [], None)
    await aged(8, old, elsewhere.id)
    await aged(6.9, young)
    assert await retention.drop() == 0, "it is kept for ever"
    await keeping.keep(CHAT, 7)
    assert await retention.drop() == 1
    assert await retention.drop() == 0
    assert await in_view() == [elsewhere.id, young]
    assert await book.state(file) == "deleting"
    told = await events((await bounds(Whose("chats", CHAT))).stream, 0)
    assert told[-1].facts == {"message_id": str(old), "reason": "retention"}
    [tombstone] = await fetch("SELECT text, author FROM chat_messages WHERE id = $1", old)
    assert tuple(tombstone) == ("", "anna")


async def test_a_round_is_bounded_and_no_chat_waits_for_another(
    book: Book, post: Post, retention: Retention, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "AT_ONCE", 3)
    await rooms.opened("other", ["anna"], None, "other")
    for chat, messages in ((CHAT, 7), ("other", 1)):
        await aged(8, *[(await post.say(chat, "anna", "a", [], None))[0].id for _ in range(messages)])
        await keeping.keep(chat, 7)
    assert [await retention.drop() for _ in range(5)] == [3, 3, 2, 0, 0]
    assert len(await page(CHAT, None, 10)) == 0


async def test_a_chat_without_anything_too_old_is_not_looked_at(book: Book, post: Post, retention: Retention) -> None:
    message, _ = await said(book, post)
    await keeping.keep(CHAT, 7)
    await retention.drop()
    [row] = await fetch(
        "SELECT c.outdated_at = m.created_at + interval '7 days' AS then FROM chats c, chat_messages m WHERE m.id = $1",
        message,
    )
    assert row["then"]
    await keeping.keep(CHAT, None)
    await aged(8, message)
    assert await retention.drop() == 0


async def test_a_message_whose_time_was_made_longer_at_the_last_moment_stays(
    book: Book, post: Post, other: asyncpg.Connection, retention: Retention
) -> None:
    message, _ = await said(book, post)
    await aged(8, message)
    await keeping.keep(CHAT, 7)
    async with other.transaction():
        await other.execute("UPDATE chats SET retention_days = 30 WHERE id = $1", CHAT)
        dropping = await waiting(retention.drop())
    assert await dropping == 0
    assert await in_view() == [message]


async def test_a_round_reads_neither_what_is_young_nor_what_is_kept_for_ever(
    book: Book, post: Post, database_url: str
) -> None:
    await rooms.opened("keeps all", [], None, "forever")
    await fetch(
        "INSERT INTO chat_messages (chat, text, created_at, deleted_at) "
        "SELECT c, repeat('a', 100), now() - d, CASE WHEN n % 3 = 0 THEN now() END FROM generate_series(1, 20000) n, "
        "(VALUES ($1, interval '1 day'), ('forever', interval '1 year'), ('forever', interval '2 days')) v (c, d)",
        CHAT,
    )
    await keeping.keep(CHAT, 7)
    given = {"$1": f"'{CHAT}'", "$2": "100"}
    outdated = keeping._OUTDATED
    for name, value in given.items():
        outdated = outdated.replace(name, value)
    again = f"SELECT ledger.look_again('{CHAT}', 30)"
    statements = {"due": keeping._DUE.replace("$1", "100"), "outdated": outdated, "again": again}
    await check_cost(database_url, 60_000, statements)


async def test_an_export_begins_after_what_is_being_said_and_before_what_is_said_next(
    post: Post, other: asyncpg.Connection
) -> None:
    """One that did not wait would have a gap: a message of before that appears later."""
    async with other.transaction():
        saying = "SELECT id FROM ledger.post_message($1, NULL, 'a', '{}', NULL)"
        first = await other.fetchval(saying, CHAT)
        beginning = await waiting(export.begin(CHAT))
    begun = await beginning
    assert (begun.title, begun.last_message_id) == ("tests", first)
    assert begun.seq == (await bounds(Whose("chats", CHAT))).head
    later, _ = await post.say(CHAT, "anna", "b", [], None)
    assert later.id > first
    await owners.CHATS.delete(CHAT)
    with pytest.raises(NotFound):
        await export.begin(CHAT)


async def test_tombstones_go_once_nobody_is_told_of_them_any_more(book: Book, post: Post, retention: Retention) -> None:
    gone, [file] = await said(book, post)
    lately, _ = await said(book, post)
    for message in (gone, lately):
        await post.unsay(CHAT, message, None)
    await keeping.keep(CHAT, 7)
    for message, days in ((gone, 7 + 30 + 31.1), (lately, 7 + 30 + 30.9)):
        await fetch(
            "UPDATE chat_messages SET deleted_at = now() - make_interval(secs => $2 * 86400) WHERE id = $1",
            message,
            days,
        )
    await retention.drop()
    assert [row["id"] for row in await fetch("SELECT id FROM chat_messages")] == [lately]
    assert not await fetch("SELECT FROM chat_attachments WHERE asset = $1", file)


async def test_what_is_held_is_not_cancelled_either(book: Book, post: Post) -> None:
    """Bytes that come for what is cancelled are nobody's, and so deleted."""
    _, [file] = await said(book, post)
    unclaimed = await slot(book)
    await keeping.hold(CHAT, "a case")
    assert not await book.ledger.cancel(file)
    assert await book.state(file) == "init"
    assert await book.ledger.cancel(unclaimed), "nobody's words"
    await keeping.release(CHAT)
    assert await book.ledger.cancel(file)
