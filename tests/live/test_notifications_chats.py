"""A user's general stream, of chats: what one sent there is told of for as long as one is in."""

from uuid import UUID

from appliance.chats import rooms
from appliance.chats.messages import Post
from appliance.ledger.service import Asker
from appliance.live.notifications import sources
from tests.ledger.book import Book
from tests.live.noticed import TOM, told_after

CHAT = "room"


async def sent(book: Book) -> UUID:
    """A file of Tom's, in a message of his."""
    place = ("chats", CHAT, "images", "image", "images", "file", "a.jpg", 900)
    slot = await book.ledger.open_slot(*place, Asker(TOM))
    assert slot is not None
    await Post(book._ring).say(CHAT, TOM, "", [slot.id], None)
    return slot.id


async def test_who_is_in_no_more_is_told_only_of_what_is_gone(book: Book) -> None:
    door = rooms.Door(book._ring)
    await rooms.opened("tests", [TOM, "ann"], None, CHAT)
    kept, gone = await sent(book), await sent(book)
    before, cursor = await told_after((await sources(TOM)).start)
    assert [kind for _, kind in before] == ["state", "state"]
    await door.leave(CHAT, TOM)
    await book.move([kept], "init", "expired")
    assert await told_after(cursor) == ([], cursor)
    assert await told_after((await sources(TOM)).start) == ([], (await sources(TOM)).start)
    await door.join(CHAT, TOM)
    told, later = await told_after(cursor)
    assert [kind for _, kind in told] == ["state"], "back in, one is told what one missed"
    await door.leave(CHAT, TOM)
    await book.move([kept], "expired", "uploaded")
    await book.ledger.remove([gone])
    await book.ledger.bury(gone)
    told, _ = await told_after(later)
    assert [kind for _, kind in told] == ["deleted", "erased"]
