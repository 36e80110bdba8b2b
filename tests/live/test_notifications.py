"""A user's general stream as it is merged: nothing is lost, whatever became of a file, and others cost nothing."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec
import pytest

from appliance.accounts import owners
from appliance.errors import BadRequest, Conflict
from appliance.ledger.database import PLANNING, fetch
from appliance.live import notifications
from appliance.live.notifications import Cursor, notices, parse, resumes, sources
from tests.ledger.book import PROJECT, Book
from tests.live.noticed import TOM, events, resumed, slot, told_after

MANY = 100_000
PAGES = 100  # of 8 KiB; the events of a stream of so many have over a thousand


async def test_who_was_away_is_told_of_what_was_deleted_and_is_forgotten(book: Book) -> None:
    asset = await slot(book)
    await book.ledger.arrive("originals", [book.bytes(asset)])
    away = (await sources(TOM)).head
    await book.ledger.remove([asset])
    await book.ledger.bury(asset)
    assert (await book.row(asset))["uploader"] is None
    assert (await told_after(away))[0] == [(3, "deleted"), (4, "erased")]
    await fetch("DELETE FROM ledger.assets WHERE id = $1", asset)
    told, cursor = await told_after(away)
    assert told == [(3, "deleted"), (4, "erased")]
    assert await told_after(cursor) == ([], cursor)


async def test_who_began_first_and_commits_last_is_told_of(book: Book, database_url: str) -> None:
    late = await asyncpg.connect(database_url)
    try:
        async with late.transaction():
            await late.fetchval("SELECT now()")
            await slot(book)
            told, cursor = await told_after(Cursor((await sources(TOM)).head.epoch, {}, 1 << 30))
            assert told == [(1, "state")]
            place = "'projects', '111', 'images', 'image', 'images', 'photo', 'a.jpg', 900"
            await late.fetch(f"SELECT * FROM ledger.open_slot({place}, '{TOM}')")
        times = [row["at"] for row in await fetch("SELECT at FROM ledger.events ORDER BY seq")]
        assert times[1] < times[0]
        assert (await told_after(cursor))[0] == [(2, "state")]
    finally:
        await late.close()


async def test_streams_are_merged_by_time_in_pages_and_each_is_in_its_own_order(book: Book) -> None:
    await owners.PROJECTS.create("other", "222")
    await owners.USERS.create("Tom", TOM)
    streams = [await book.stream(), await book.stream("222"), await book.stream(TOM)]
    minutes = {
        streams[0]: (5, 1, 9),
        streams[1]: (2, 3, 8),
        streams[2]: (4, 7, 6),
    }  # of the hour; not those of the numbers
    for stream, times in minutes.items():
        for minute in times:
            await events(stream, 1, None, datetime.now(UTC))  # of others
            at = datetime.now(UTC).replace(minute=minute)
            await events(stream, 1, None if stream == streams[2] else TOM, at)
    of = await sources(TOM)
    for size in (1, 2, 100):
        cursor, read = of.start, []
        while page := await notices(TOM, of, cursor, size):
            read += [(one.event.owner, one.event.seq) for one in page]
            cursor = page[-1].cursor
            assert await resumes(TOM, parse(cursor.written()), of)
        in_projects = [one for one in read if one[0] != TOM]
        assert in_projects == [("222", 2), ("222", 4), (PROJECT, 2), (PROJECT, 4), ("222", 6), (PROJECT, 6)]
        assert [seq for owner, seq in read if owner == TOM] == [1, 2, 3, 4, 5, 6], "all of one's own"


@pytest.mark.parametrize(
    "cursor",
    [
        [1, {}],
        ["e", {-1: 1}],
        ["e", {1: -1}],
        ["e", {1 << 63: 1}],
        ["e", {1: 1 << 63}],
        ["e", {}, -1],
        ["e", {}, 1 << 31],
    ],
)
def test_numbers_that_no_ledger_has_are_no_cursor(cursor: list[Any]) -> None:
    with pytest.raises(BadRequest):
        parse(base64.urlsafe_b64encode(msgspec.msgpack.encode(cursor)).decode())


async def test_a_number_that_there_never_was_is_reset(book: Book) -> None:
    await slot(book)
    head = (await sources(TOM)).head
    assert not await resumed(Cursor(head.epoch, {await book.stream(): 2}, head.kept_from))
    assert not await resumed(Cursor(head.epoch, {1 << 62: 1}, head.kept_from))
    assert not await resumed(Cursor("another", head.read, head.kept_from))


async def _explained(url: str, sql: str, kinds: str, given: str) -> dict[str, Any]:
    """What it took to run a statement as the pool does."""
    connection = await asyncpg.connect(url, server_settings=PLANNING)
    try:
        await connection.execute(f"PREPARE asked ({kinds}) AS {sql}")
        for _ in range(2):  # the first reads the catalogue too
            text = await connection.fetchval(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE asked ({given})")
        plan: dict[str, Any] = json.loads(text)[0]["Plan"]
        return plan
    finally:
        await connection.close()


async def _take_statistics() -> None:
    await fetch("ANALYZE ledger.events")


async def _check_cost(url: str, stream: int, most: int) -> None:
    kinds = "text, bigint[], bigint[], bigint, bigint, integer"
    given = f"'{TOM}', '{{{stream}}}', '{{0}}', NULL, 0, 100"
    for sql, of, values in ((notifications._SOURCES, "text", f"'{TOM}'"), (notifications._NEWS, kinds, given)):
        plan = await _explained(url, sql, of, values)
        pages = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        print(f"{pages} pages, {plan['Actual Total Time']:.2f} ms")
        assert plan["Actual Rows"] > 0
        assert pages < most


@pytest.mark.parametrize("after", [0, 1, 2, 3, 4])
async def test_what_others_sent_to_a_busy_project_is_not_read(book: Book, database_url: str, after: int) -> None:
    """The statistics are of any moment: autovacuum takes them when it likes."""
    stream = await book.stream()
    for step, (count, uploader) in enumerate(((1, TOM), (MANY // 2, "ann"), (1, TOM), (MANY // 2, None))):
        if step == after:
            await _take_statistics()
        await events(stream, count, uploader)
    await _check_cost(database_url, stream, PAGES)
    await _take_statistics()
    await _check_cost(database_url, stream, PAGES)
    assert (await told_after((await sources(TOM)).start))[0] == [(1, "state"), (MANY // 2 + 2, "state")]


async def test_as_many_streams_as_a_cursor_has_room_for(book: Book) -> None:
    """With ids and numbers of the largest kind."""
    await fetch(
        "INSERT INTO ledger.streams (id, root, owner, seq) OVERRIDING SYSTEM VALUE "
        "SELECT 2000000000 + n, 'projects', 'p-' || n, 2000000000 FROM generate_series(1, $1) n",
        notifications.MOST_STREAMS,
    )
    await fetch(
        "INSERT INTO ledger.events (stream, seq, type, asset, state, uploader) "
        "SELECT id, seq, 'state', uuidv7(), 'init', $1 FROM ledger.streams WHERE seq > 0",
        TOM,
    )
    of = await sources(TOM)
    assert len(of.head.read) == notifications.MOST_STREAMS
    assert parse(of.head.written()) == of.head
    cursor, count = of.start, 0
    for _ in range(3):
        page = await notices(TOM, of, parse(cursor.written()), 100)
        cursor, count = page[-1].cursor, count + len({one.event.owner for one in page})
        assert await resumes(TOM, cursor, of)
    assert count == len(cursor.read) == 300
    await slot(book)
    with pytest.raises(Conflict):
        await sources(TOM)
