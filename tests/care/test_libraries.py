"""Files of libraries do not lie in our storage, and nobody waits for them: who looks after storage leaves them out."""

import json
from datetime import UTC, datetime, timedelta

from appliance.care import days
from appliance.ledger.database import fetch, fetch_one
from ops.caretaker.walking import _WAITING, LANES_OF_PEOPLE
from tests.ledger.book import Book

_ROW = {
    "digest": "00" * 16,
    "path": b"old.mpg".hex(),
    "name": "old.mpg",
    "size": 1000,
    "version": "1-1000-1",
    "why": None,
    "reason": "it is mpeg2video",
    "facts": {},
    "worth": 1.0,
}


async def waits_in_a_library() -> None:
    [row] = await fetch("SELECT id FROM ledger.library_mount('Films', '{}', 'rules')")
    made = await fetch("SELECT * FROM ledger.library_keep($1, 1, 'rules', $2::jsonb)", row["id"], json.dumps([_ROW]))
    assert len(made) == 1


async def test_folders_of_libraries_are_none_of_storage(book: Book) -> None:
    await book.uploaded()
    await waits_in_a_library()
    today = f"projects/111/images/{datetime.now(UTC):%Y%m%d}/"
    assert await days.prefixes(None) == [today]
    assert await days.prefixes(datetime.now(UTC) - timedelta(hours=1)) == [today]


async def test_what_waits_in_a_library_slows_no_scrub(book: Book) -> None:
    await waits_in_a_library()
    busy = await fetch_one(_WAITING, LANES_OF_PEOPLE)
    assert busy is not None
    assert not busy["busy"]
    await book.uploaded()
    busy = await fetch_one(_WAITING, LANES_OF_PEOPLE)
    assert busy is not None
    assert busy["busy"]
