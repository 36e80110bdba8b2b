"""Who has not read for long: a chat's project is told of each once, whoever speaks, reads or dies meanwhile."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import asyncpg
import msgspec
import pytest

from appliance.accounts import owners
from appliance.chats import rooms
from appliance.chats.messages import Message, Post
from appliance.config import Config
from appliance.errors import NotFound
from appliance.ledger.database import fetch
from appliance.ledger.sweep import Sweep
from tests.ledger.book import PROJECT, Book
from tests.ledger.intake import Intake, until

CHAT = "room"
LONG = 900.0  # seconds


@pytest.fixture
async def post(book: Book) -> Post:
    await rooms.opened("tests", ["anna", "ben", "cleo"], PROJECT, CHAT)
    return Post(book._ring)


async def say(post: Post, author: str | None, text: str = "a") -> Message:
    return (await post.say(CHAT, author, text, [], None))[0]


async def later(seconds: float = LONG) -> None:
    """As if so long had gone by."""
    await fetch("UPDATE chat_messages SET created_at = created_at - make_interval(secs => $1)", seconds)
    await fetch("UPDATE chats SET unread_since = unread_since - make_interval(secs => $1)", seconds)


async def told(book: Book) -> list[dict[str, Any]]:
    """What the project was told; its numbers have no gap."""
    events = await book.events()
    assert [event["seq"] for event in events] == list(range(1, await book.head() + 1))
    return [msgspec.json.decode(event["facts"]) for event in events if event["type"] == "unread"]


async def looked(book: Book) -> list[tuple[str, int, int]]:
    """Looks once; whom the project was told of by that, up to which number, and how many messages that is."""
    before = len(await told(book))
    await book.ledger.tell_unread(CHAT, LONG)
    return [(one["user_id"], one["seq"], one["messages"]) for one in (await told(book))[before:]]


async def waits() -> bool:
    """Whether the chat is to be looked at again."""
    return bool(await fetch("SELECT FROM chats WHERE unread_since IS NOT NULL"))


async def test_each_member_is_told_of_once_until_that_one_reads(book: Book, post: Post) -> None:
    first, second = await say(post, "anna"), await say(post, "anna")
    assert await looked(book) == [], "it is not long"
    await later()
    book.rung.clear()
    assert await looked(book) == [("ben", second.seq, 2), ("cleo", second.seq, 2)]
    assert book.rung == [(await book.stream(), 1), (await book.stream(), 2)]
    [ben, _] = await told(book)
    assert (ben["chat_id"], ben["since"][:10]) == (CHAT, f"{first.created_at:%Y-%m-%d}")
    assert await looked(book) == []
    assert not await waits()
    third = await say(post, "anna")
    await later()
    assert await looked(book) == [], "neither has read what they were told of"
    await rooms.read(CHAT, "ben", first.seq)
    await later()
    assert await looked(book) == [], "not all of it"
    await rooms.read(CHAT, "ben", second.seq)
    assert await looked(book) == [], "a reader is given time for what came meanwhile"
    await later()
    assert await looked(book) == [("ben", third.seq, 1)]


async def test_what_came_last_is_waited_for_in_its_turn(book: Book, post: Post) -> None:
    await say(post, "anna")
    await later(LONG - 60)
    second = await say(post, "ben")
    await later(60)
    assert await looked(book) == [("ben", second.seq - 1, 1), ("cleo", second.seq, 2)]
    await later(LONG - 60)
    assert await looked(book) == [("anna", second.seq, 1)]
    assert not await waits()


async def test_nobody_is_told_of_what_that_one_need_not_read(book: Book, post: Post) -> None:
    gone = await say(post, "anna")
    read = await say(post, "anna")
    await rooms.read(CHAT, "ben", read.seq)
    door = rooms.Door(book._ring)
    await door.join(CHAT, "dora")
    await door.leave(CHAT, "cleo")
    await later()
    assert await looked(book) == [], "written, read, before one came, after one left"
    last = await say(post, "ben")
    await rooms.read(CHAT, "dora", last.seq)
    await door.join(CHAT, "cleo")
    await post.unsay(CHAT, gone.id, "anna")
    await later()
    assert await looked(book) == [("anna", last.seq, 1)]
    other = await say(post, "anna")
    await post.unsay(CHAT, other.id, "anna")
    await later()
    assert await looked(book) == [], "deleted"


async def test_what_is_deleted_needs_not_be_read_for_the_next_to_be_told(book: Book, post: Post) -> None:
    first, second = await say(post, "anna"), await say(post, "anna")
    await later()
    assert len(await looked(book)) == 2
    await post.unsay(CHAT, second.id, "anna")
    await rooms.read(CHAT, "ben", first.seq)
    third = await say(post, "anna")
    await later()
    assert await looked(book) == [("ben", third.seq, 1)]


async def test_a_number_that_there_is_not_yet_is_not_read(book: Book, post: Post) -> None:
    await say(post, "anna")
    await later()
    assert len(await looked(book)) == 2
    await rooms.read(CHAT, "ben", 10**18)
    second = await say(post, "ben")
    await later()
    assert await looked(book) == [("anna", second.seq, 1)]


async def test_a_server_speaks_to_all(book: Book, post: Post) -> None:
    await say(post, None)
    await later()
    assert [user for user, _, _ in await looked(book)] == ["anna", "ben", "cleo"]


async def test_no_project_no_telling(book: Book, post: Post) -> None:
    await rooms.opened("alone", ["anna", "ben"], None, "alone")
    await post.say("alone", "anna", "a", [], None)
    await say(post, "anna")
    await later()
    assert await book.ledger.tell_unread("alone", LONG) == 0
    await owners.PROJECTS.delete(PROJECT)
    assert await looked(book) == []
    assert await owners.PROJECTS.forget() == [PROJECT]
    await owners.PROJECTS.create("another", PROJECT)
    assert (await rooms.room(CHAT, None)).project_id is None
    await say(post, "anna")
    await later()
    assert await looked(book) == [], "it is not that one's chat"
    with pytest.raises(NotFound, match="project"):
        await rooms.opened("tests", [], "nowhere", "elsewhere")
    assert not await fetch("SELECT FROM chats WHERE id = 'elsewhere'")


async def test_a_chat_that_is_deleted_is_not_told_of(book: Book, post: Post) -> None:
    await say(post, "anna")
    await later()
    await owners.CHATS.delete(CHAT)
    assert await looked(book) == []
    assert not await waits()


async def test_who_looks_and_dies_has_told_nothing(book: Book, post: Post, database_url: str) -> None:
    await say(post, "anna")
    await later()
    other = await asyncpg.connect(database_url)
    transaction = other.transaction()
    await transaction.start()
    assert len(await other.fetch("SELECT * FROM ledger.tell_unread($1, $2)", CHAT, LONG)) == 2
    assert await looked(book) == [], "somebody is at it"
    other.terminate()

    async def found() -> bool:
        return len(await looked(book)) == 2

    await until(found)


async def test_what_is_said_or_read_during_a_look_is_not_forgotten(book: Book, post: Post, database_url: str) -> None:
    await say(post, "anna")
    second = await say(post, "anna")
    await later()
    other = await asyncpg.connect(database_url)
    try:
        async with other.transaction():
            await other.fetch("SELECT ledger.mark_read($1, 'ben', 1)", CHAT)
            assert await looked(book) == [("cleo", second.seq, 2)], "ben is reading"
        await later()
        assert await looked(book) == [("ben", second.seq, 1)], "and has not read that"
        async with other.transaction():
            await other.fetch("SELECT * FROM ledger.post_message($1, 'cleo', 'b', '{}', NULL)", CHAT)
            assert await looked(book) == []
        await later()
        assert await looked(book) == [("anna", second.seq + 1, 1)]
    finally:
        await other.close()


async def _spoken(post: Post, author: str) -> None:
    for number in range(15):
        await say(post, author, str(number))


async def _read(user: str, most: int) -> None:
    for seq in range(1, most):
        await rooms.read(CHAT, user, seq)


async def test_all_at_once_without_a_deadlock(book: Book, post: Post) -> None:
    """With no time to wait at all, so that every look finds something."""
    door = rooms.Door(book._ring)

    async def look() -> None:
        for _ in range(30):
            await book.ledger.tell_unread(CHAT, 0)

    async def come_and_go() -> None:
        for _ in range(10):
            await door.join(CHAT, "dora")
            await door.leave(CHAT, "dora")

    await asyncio.gather(
        *(_spoken(post, author) for author in ("anna", "ben")),
        *(_read(user, 25) for user in ("anna", "ben")),
        *(look() for _ in range(3)),
        come_and_go(),
    )
    await later()
    await book.ledger.tell_unread(CHAT, 0)
    counted = Counter(one["user_id"] for one in await told(book))
    assert counted["cleo"] == 1, "who never reads is told of once"
    assert counted["anna"] >= 1
    assert counted["ben"] >= 1
    assert not await waits()


async def test_a_room_of_five_hundred_is_told_of_in_one_look(book: Book) -> None:
    await rooms.opened("tests", [f"u{n:03}" for n in range(500)], PROJECT, CHAT)
    await say(Post(book._ring), "u000")
    await later()
    assert len(await looked(book)) == 499
    assert len(set(book.rung[-499:])) == 499


async def test_the_sweep_looks_at_what_is_due_or_at_nothing(intake: Intake, book: Book, post: Post) -> None:
    parts = (book.ledger, intake.arrivals, intake.queue, intake.objects)
    await rooms.opened("tests", ["anna", "ben"], PROJECT, "other")
    await say(post, "anna")
    await later()
    await post.say("other", "anna", "just now", [], None)
    await Sweep(*parts, Config(unread_seconds=0)).tell_unread()
    assert await told(book) == []
    await Sweep(*parts, Config(unread_seconds=1000)).tell_unread()
    assert await told(book) == []
    await intake.sweep.tell_unread()
    assert [(one["chat_id"], one["user_id"]) for one in await told(book)] == [(CHAT, "ben"), (CHAT, "cleo")]


def _left(events: Sequence[asyncpg.Record]) -> int:
    return sum(event["type"] == "member_left" for event in events)


async def test_a_deleted_user_leaves_every_chat_a_few_at_a_time(book: Book, post: Post) -> None:
    chats = [CHAT, "second", "third"]
    for chat in chats[1:]:
        await rooms.opened("tests", ["anna", "ben"], None, chat)
    said = await say(post, "anna", "mine")
    await owners.USERS.create("Anna", "anna")
    await owners.USERS.delete("anna")
    await book.ledger.leave_deleted(2)
    assert [_left(await book.events(chat)) for chat in chats] == [1, 1, 0]
    assert await owners.USERS.forget() == [], "there is one chat left"
    await book.ledger.leave_deleted(2)
    await book.ledger.leave_deleted(2)
    assert [_left(await book.events(chat)) for chat in chats] == [1, 1, 1]
    assert await owners.USERS.forget() == ["anna"]
    await owners.USERS.create("Another", "anna")
    assert await rooms.rooms("anna", "", 10) == []
    assert [one["author"] for one in await fetch("SELECT author FROM chat_messages WHERE id = $1", said.id)] == ["anna"]
    assert [member.user_id for member in await rooms.members("second", "", 10)] == ["ben"]
