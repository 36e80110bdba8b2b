"""Chats in the ledger: said once however often, claimed or dropped and never both, and told without a gap."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from uuid import UUID, uuid4

import pytest

from appliance.accounts import owners
from appliance.accounts.whose import Whose
from appliance.chats import messages, rooms
from appliance.chats.messages import NoFile, Post
from appliance.errors import NotFound
from appliance.ledger.database import fetch
from appliance.ledger.failures import MISSING
from appliance.ledger.service import NOBODY, Asker, Bytes
from appliance.live.service import bounds, events
from appliance.quotas.errors import LimitReached
from tests.ledger.book import Book
from tests.ledger.test_cost import check_cost

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
    assert await owners.forget() == [], "not with all its messages at once"
    await owners.silence(1)
    assert [gone.id for gone in await owners.forget()] == [CHAT]
    for table in ("chats", "chat_members", "chat_messages", "chat_attachments"):
        assert not await fetch(f"SELECT FROM {table}"), table
    assert message.id


async def came(book: Book, file: UUID) -> UUID:
    """Its bytes are there."""
    await book.ledger.arrive("originals", [Bytes(file, f"chats/{CHAT}/{file}", "v1", 100, "etag")])
    return file


async def test_a_file_that_is_forwarded_while_it_is_deleted_is_one_or_the_other(book: Book, post: Post) -> None:
    """Ten rooms get one of ten files each, which are deleted at the same time: who got one keeps its bytes."""
    others = [f"other{n}" for n in range(10)]
    for other in others:
        await rooms.opened(other, ["anna"], None, other)
    files = [await came(book, await slot(book)) for _ in others]
    pairs = list(zip(others, files, strict=True))
    said, *_ = await asyncio.gather(
        outcomes(*(post.forward(other, "anna", file, f"file:{file}", NOBODY) for other, file in pairs)),
        *(book.ledger.remove([file]) for file in files),
    )
    for (other, file), outcome in zip(pairs, said, strict=True):
        rows = await fetch("SELECT id, state::text, blob FROM ledger.assets WHERE owner = $1", other)
        assert isinstance(outcome, NoFile) == (not rows), "nothing is left of what could not be forwarded"
        assert [row["state"] for row in rows] in ([], ["uploaded"])
        await book.ledger.bury(file)
        blobs = await fetch("SELECT FROM ledger.blobs WHERE key = $1", f"chats/{CHAT}/{file}")
        assert len(blobs) == len(rows), "bytes go with the last who has them"
    assert not await fetch(
        "SELECT FROM chat_unclaimed u JOIN ledger.assets a ON a.id = u.asset WHERE a.owner <> $1", CHAT
    )
    assert not await fetch("SELECT * FROM ledger.miscounted(10)")


async def test_twenty_who_forward_the_same_at_once_forward_it_once(book: Book, post: Post) -> None:
    await rooms.opened("other", ["anna"], None, "other")
    file = await came(book, await slot(book))
    said = await asyncio.gather(*(post.forward("other", "anna", file, f"file:{file}", NOBODY) for _ in range(20)))
    assert len({message.id for message, _ in said}) == 1
    assert Counter(new for _, new in said) == {True: 1, False: 19}
    live = "SELECT FROM ledger.assets WHERE owner = 'other' AND state NOT IN ('deleting', 'deleted')"
    assert len(await fetch(live)) == 1
    assert not await fetch("SELECT * FROM ledger.miscounted(10)")
    [copy] = said[0][0].files
    assert await book.ledger.detach(copy)
    assert not await book.ledger.detach(copy)
    again, new = await post.forward("other", "anna", file, f"file:{file}", NOBODY)
    assert (new, again.id == said[0][0].id) == (True, False), "what was deleted can be sent again"


async def test_nobody_forwards_to_where_they_are_not(book: Book, post: Post) -> None:
    await rooms.opened("other", ["ben"], None, "other")
    file = await came(book, await slot(book))
    for chat in ("other", "nowhere"):
        with pytest.raises(NotFound):
            await post.forward(chat, "anna", file, f"file:{file}", NOBODY)
    with pytest.raises(NoFile):
        await post.forward("other", "ben", await slot(book), "file:none", NOBODY)
    assert not await fetch("SELECT FROM ledger.assets WHERE owner = 'other' AND state <> 'deleting'")
    assert not await fetch("SELECT * FROM ledger.miscounted(10)")


async def test_what_fails_on_its_way_is_dropped_unless_it_was_said_after_all(book: Book, post: Post) -> None:
    """As when the answer to the statement that said it was lost."""
    files = [await slot(book) for _ in range(10)]
    said, *_ = await asyncio.gather(
        outcomes(*(post.say(CHAT, "anna", "", [file], None) for file in files)),
        *(book.ledger.drop(file) for file in files),
    )
    for file, outcome in zip(files, said, strict=True):
        assert (await book.state(file) == "deleting") == isinstance(outcome, NoFile)
        assert not await book.ledger.drop(file)
    assert not await fetch("SELECT FROM chat_unclaimed")


async def test_a_size_that_nobody_announced_is_held_to_the_limits(book: Book, post: Post) -> None:
    file, limits = await slot(book), '{"user": [0, 0, 1000]}'
    with pytest.raises(LimitReached):
        await book.ledger.announce(file, Asker("anna", None, limits), 1001, "a" * 64)
    assert (await book.row(file))["announced_size"] is None
    await book.ledger.announce(file, Asker("anna", None, limits), 1000, "a" * 64)
    row = await book.row(file)
    assert (row["announced_size"], row["announced_sha256"]) == (1000, "a" * 64)
    assert not await fetch("SELECT * FROM ledger.miscounted(10)")


async def test_people_leave_while_deleted_ones_are_taken_out(book: Book, post: Post) -> None:
    """Nobody waits for each other: each takes the stream before the member."""
    chats = [f"leaving{n}" for n in range(20)]
    for user in ("gone", "away"):
        await owners.USERS.create(user, user)
    for chat in chats:
        await rooms.opened(chat, ["gone", "away"], None, chat)
    await owners.USERS.delete("gone")
    door = rooms.Door(book._ring)
    await asyncio.gather(
        *(book.ledger.leave_deleted(100) for _ in range(10)),
        *(door.leave(chat, user) for chat in reversed(chats) for user in ("gone", "away")),
    )
    assert not await fetch("SELECT FROM chat_members WHERE user_id IN ('gone', 'away')")


async def test_what_was_lost_is_told_once(book: Book, post: Post) -> None:
    file = await came(book, await slot(book))
    await post.say(CHAT, "anna", "", [file], None)
    assert await book.ledger.miss([file], MISSING) == [file]
    assert await book.ledger.miss([file], MISSING) == []
    assert (await book.row(file))["error_code"] == "object_missing"


async def test_an_upload_that_goes_on_takes_as_long_as_it_takes(book: Book, post: Post) -> None:
    file = await slot(book)
    await fetch("UPDATE ledger.assets SET expires_at = now() - interval '1 second' WHERE id = $1", file)
    await book.ledger.keep_open(file, 900)
    left = await fetch("SELECT expires_at - now() AS left FROM ledger.assets WHERE id = $1", file)
    assert left[0]["left"].total_seconds() > 890


async def test_a_page_of_one_room_costs_the_same_beside_a_large_one(book: Book, post: Post, database_url: str) -> None:
    """Also where the statistics know the large one alone, of one author."""
    await rooms.opened("large", [], None, "large")
    await fetch(
        "INSERT INTO chat_messages (chat, author, text, seq) "
        "SELECT 'large', 'bot', 'a', n FROM generate_series(1, 60000) n"
    )
    await fetch("ANALYZE chat_messages")
    for number in range(30):
        await post.say(CHAT, "anna", str(number), [], None)
    page = messages._PAGE.replace("$1", f"'{CHAT}'").replace("$2", f"'{messages._END}'").replace("$3", "51")
    unread = f"SELECT ledger.unread('{CHAT}', 'ben', 0)"
    own = "SELECT ledger.unread('large', 'bot', 0)"
    await check_cost(database_url, 60_000, {"page": page, "unread": unread, "one's own": own})
