"""Events of what a user sent, and what is made of them; some of a month that is to be dropped."""

from datetime import UTC, datetime
from uuid import UUID

from appliance.ledger.database import fetch
from appliance.ledger.service import Asker
from appliance.live.notifications import Cursor, notices, parse, resumes, sources
from tests.ledger.book import PROJECT, Book

TOM = "tom"

_EVENTS = """
WITH s AS (UPDATE ledger.streams SET seq = seq + $2 WHERE id = $1 RETURNING seq - $2 AS base)
INSERT INTO ledger.events (stream, seq, type, asset, state, uploader, at)
SELECT $1, s.base + n, 'state', uuidv7(), 'uploaded', $3, $4 FROM s, generate_series(1, $2) n
"""


async def slot(book: Book, project: str = PROJECT) -> UUID:
    """A file that Tom is about to send."""
    place = ("projects", project, "images", "image", "images", "photo", "a.jpg", 900)
    opened = await book.ledger.open_slot(*place, Asker(TOM))
    assert opened is not None
    return opened.id


async def events(stream: int, count: int, uploader: str | None, at: datetime | None = None) -> None:
    """The stream's next ones, all of one time, of files that `uploader` sent."""
    await fetch(_EVENTS, stream, count, uploader, at or datetime.now(UTC))


async def told_after(after: Cursor, most: int = 100, user: str = TOM) -> tuple[list[tuple[int, str]], Cursor]:
    """Number and type of what comes after the cursor, and where that ends."""
    of = await sources(user)
    assert await resumes(user, after, of)
    found = await notices(user, of, after.within(of.head), most)
    return [(one.event.seq, one.event.type) for one in found], found[-1].cursor if found else after.within(of.head)


async def drop() -> None:
    """The month of the fixture `month` is over and gone."""
    assert (await fetch("SELECT ledger.keep_partitions(30) AS n"))[0]["n"] == 1


async def resumed(cursor: Cursor, user: str = TOM) -> bool:
    """Whether a cursor that was given out is taken now."""
    return await resumes(user, parse(cursor.written()), await sources(user))
