"""Chats in the ledger: said once however often, claimed or dropped and never both, and told without a gap."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from appliance.accounts import owners
from appliance.accounts.whose import Whose
from appliance.chats import rooms
from appliance.chats.messages import NoFile, Post
from appliance.errors import NotFound
from appliance.ledger.database import fetch
from appliance.ledger.service import Asker
from appliance.live.service import bounds, events
from tests.ledger.book import Book

CHAT = "room"


@pytest.fixture
async def post(book: Book) -> Post:
    await rooms.opened("tests", ["anna", "ben"], None, CHAT)
    return Post(book._ring)


async def slot(book: Book, user: str = "anna") -> UUID:
    place = ("chats", CHAT, "images", "image", "images", "file", "a.jpg", 900)
    opened = await book.ledger.open_slot(*place, Asker(user))
    assert opened is not None
    return opened.id


async def older(seconds: float) -> None:
    await fetch("UPDATE chat_unclaimed SET since = since - make_interval(secs => $1)", seconds)
    await fetch("UPDATE ledger.assets SET expires_at = expires_at - make_interval(secs => $1)", seconds)


async def told() -> list[str]:
    """The types of all that was told in the room; its numbers have no gap."""
    here = await bounds(Whose("chats", CHAT))
    found = await events(here.stream, 0)
    assert [event.seq for event in found] == list(range(1, here.head + 1))
    return [event.type for event in found]


async def outcomes(*what: object) -> Sequence[object]:
    return await asyncio.gather(*what, return_exceptions=True)  # type: ignore[call-overload, no-any-return]


async def test_forty_who_say_the_same_at_once_say_it_once(book: Book, post: Post) -> None:
    file = await slot(book)
    said = await asyncio.gather(*(post.say(CHAT, "anna", "a", [file], "mine") for _ in range(40)))
    assert len({message.id for message, _ in said}) == 1
    assert Counter(new for _, new in said) == {True: 1, False: 39}
    assert (await told()).count("message") == 1
    assert all(message.files == [file] for message, _ in said)


async def test_a_file_is_in_one_message_whoever_claims_it_at_the_same_time(book: Book, post: Post) -> None:
    file = await slot(book)
    said = await outcomes(*(post.say(CHAT, "anna", str(n), [file], str(n)) for n in range(20)))
    assert sum(isinstance(one, tuple) for one in said) == 1
    assert sum(isinstance(one, NoFile) for one in said) == 19
    assert (await told()).count("message") == 1
    assert len(await fetch("SELECT FROM chat_messages")) == 1


async def test_only_who_is_in_it_says_something(book: Book, post: Post) -> None:
    with pytest.raises(NotFound):
        await post.say(CHAT, "eve", "hello", [], None)
    with pytest.raises(NoFile):
        await post.say(CHAT, "ben", "", [await slot(book)], None)
    with pytest.raises(NoFile):
        await post.say(CHAT, "anna", "", [uuid4()], None)
    await post.say(CHAT, None, "by the server", [], None)
    assert [type_ for type_ in await told() if type_ != "state"] == ["message"]


async def test_what_was_never_said_is_dropped_once_it_can_not_be_sent_any_more(book: Book, post: Post) -> None:
    forgotten, said, elsewhere = await slot(book), await slot(book), await book.slot()
    await post.say(CHAT, "anna", "", [said], None)
    await fetch("UPDATE chat_unclaimed SET since = since - interval '2 hours'")
    assert await book.ledger.drop_unclaimed(3600) == [], "its form is still good"
    await older(3601)
    assert await book.ledger.drop_unclaimed(3600) == [forgotten]
    assert await book.ledger.drop_unclaimed(3600) == []
    assert [await book.state(one) for one in (forgotten, said, elsewhere)] == ["deleting", "init", "init"]
    with pytest.raises(NoFile):
        await post.say(CHAT, "anna", "", [forgotten], None)


async def test_what_is_claimed_at_the_moment_it_is_dropped_is_one_or_the_other(book: Book, post: Post) -> None:
    files = [await slot(book) for _ in range(20)]
    await older(3601)
    said, *_ = await asyncio.gather(
        outcomes(*(post.say(CHAT, "anna", "", [file], None) for file in files)),
        *(book.ledger.drop_unclaimed(3600, 3) for _ in range(20)),
    )
    for file, outcome in zip(files, said, strict=True):
        assert (await book.state(file) == "deleting") == isinstance(outcome, NoFile)
    assert not await fetch("SELECT FROM chat_unclaimed")


async def test_a_message_is_deleted_once_with_its_files(book: Book, post: Post) -> None:
    files = [await slot(book), await slot(book)]
    message, _ = await post.say(CHAT, "anna", "a", files, None)
    ended = await outcomes(*(post.unsay(CHAT, message.id, "anna") for _ in range(10)))
    assert sum(one is None for one in ended) == 1
    assert (await told())[-3:] == ["deleted", "deleted", "message_deleted"]
    assert [await book.state(file) for file in files] == ["deleting", "deleting"]


async def test_a_chat_that_is_deleted_takes_all_along(book: Book, post: Post) -> None:
    message, _ = await post.say(CHAT, "anna", "a", [await slot(book)], None)
    await owners.CHATS.delete(CHAT)
    with pytest.raises(NotFound):
        await post.say(CHAT, "anna", "b", [], None)
    await book.ledger.remove(await owners.leaving(100))
    await fetch("UPDATE ledger.assets SET state = 'deleted' WHERE owner = $1", CHAT)
    assert [gone.id for gone in await owners.forget()] == [CHAT]
    for table in ("chats", "chat_members", "chat_messages", "chat_attachments"):
        assert not await fetch(f"SELECT FROM {table}"), table
    assert message.id
