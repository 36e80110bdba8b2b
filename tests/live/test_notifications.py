"""A user's general stream as it is merged: nothing is lost, and who has lost something is told so, and nobody else."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec
import pytest

from appliance.accounts import owners
from appliance.errors import BadRequest, Conflict
from appliance.ledger.database import PLANNING, fetch
from appliance.ledger.service import Asker
from appliance.live import notifications, notifications_api
from appliance.live.doorbell import LOOK_SECONDS, Doorbell, Listener
from appliance.live.notifications import Cursor, Notice, notices, parse, resumes, sources
from appliance.live.progress import Progress, Teller
from tests.daemons.postgres import Postgres
from tests.ledger.book import PROJECT, Book
from tests.ledger.conftest import TEMPLATE
from tests.ledger.intake import until
from tests.live.followers import ringing, running

TOM = "tom"
MANY = 100_000
PAGES = 100  # of 8 KiB; the events of a stream of so many have over a thousand

_EVENTS = """
WITH s AS (UPDATE ledger.streams SET seq = seq + $2 WHERE id = $1 RETURNING seq - $2 AS base)
INSERT INTO ledger.events (stream, seq, type, asset, state, uploader, at)
SELECT $1, s.base + n, 'state', uuidv7(), 'uploaded', $3, $4 FROM s, generate_series(1, $2) n
"""


@pytest.fixture(scope="module")
def database_url(postgres: Postgres) -> Iterator[str]:
    yield postgres.make("notices", TEMPLATE)
    postgres.drop("notices")


async def _slot(book: Book, project: str = PROJECT) -> UUID:
    """A file that Tom is about to send."""
    place = ("projects", project, "images", "image", "images", "photo", "a.jpg", 900)
    slot = await book.ledger.open_slot(*place, Asker(TOM))
    assert slot is not None
    return slot.id


async def _events(stream: int, count: int, uploader: str | None, at: datetime | None = None) -> None:
    await fetch(_EVENTS, stream, count, uploader, at or datetime.now(UTC))


async def _told(after: Cursor, most: int = 100, user: str = TOM) -> tuple[list[tuple[int, str]], Cursor]:
    """Number and type of what comes after the cursor, and where that ends."""
    of = await sources(user)
    assert await resumes(user, after, of)
    found = await notices(user, of, after.within(of.head), most)
    return [(one.event.seq, one.event.type) for one in found], found[-1].cursor if found else after.within(of.head)


async def test_who_was_away_is_told_of_what_was_deleted_and_is_forgotten(book: Book) -> None:
    asset = await _slot(book)
    await book.ledger.arrive("originals", [book.bytes(asset)])
    away = (await sources(TOM)).head
    await book.ledger.remove([asset])
    await book.ledger.bury(asset)
    assert (await book.row(asset))["uploader"] is None
    assert (await _told(away))[0] == [(3, "deleted"), (4, "erased")]
    await fetch("DELETE FROM ledger.assets WHERE id = $1", asset)
    told, cursor = await _told(away)
    assert told == [(3, "deleted"), (4, "erased")]
    assert await _told(cursor) == ([], cursor)


async def test_who_began_first_and_commits_last_is_told_of(book: Book, database_url: str) -> None:
    late = await asyncpg.connect(database_url)
    try:
        async with late.transaction():
            await late.fetchval("SELECT now()")
            await _slot(book)
            told, cursor = await _told(Cursor((await sources(TOM)).head.epoch, {}, 1 << 30))
            assert told == [(1, "state")]
            place = "'projects', '111', 'images', 'image', 'images', 'photo', 'a.jpg', 900"
            await late.fetch(f"SELECT * FROM ledger.open_slot({place}, '{TOM}')")
        times = [row["at"] for row in await fetch("SELECT at FROM ledger.events ORDER BY seq")]
        assert times[1] < times[0]
        assert (await _told(cursor))[0] == [(2, "state")]
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
            await _events(stream, 1, None, datetime.now(UTC))  # of others
            at = datetime.now(UTC).replace(minute=minute)
            await _events(stream, 1, None if stream == streams[2] else TOM, at)
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


@pytest.fixture
async def month(book: Book) -> AsyncIterator[datetime]:
    """A time in a month that is to be dropped: its events are kept until `_dropped` is called."""
    [row] = await fetch("SELECT date_trunc('month', now(), 'UTC') - interval '3 months' AS month")
    begins = row["month"].astimezone(UTC)
    ends = (await fetch("SELECT $1::timestamptz + interval '31 days' AS ends", begins))[0]["ends"].replace(day=1)
    name = f"events_{begins:%Y%m}"
    await fetch(f"CREATE TABLE ledger.{name} PARTITION OF ledger.events FOR VALUES FROM ('{begins}') TO ('{ends}')")
    await fetch("SELECT ledger.keep_partitions(3650)")
    yield begins
    await fetch("SELECT ledger.keep_partitions(30)")


async def _dropped() -> None:
    assert (await fetch("SELECT ledger.keep_partitions(30) AS n"))[0]["n"] == 1


async def _resumes(cursor: Cursor, user: str = TOM) -> bool:
    return await resumes(user, parse(cursor.written()), await sources(user))


async def test_a_cursor_before_what_is_kept_no_more_is_reset_and_no_other(book: Book, month: datetime) -> None:
    stream = await book.stream()
    empty = (await sources(TOM)).head
    await _events(stream, 3, TOM, month)
    _, behind = await _told(empty, 2)
    _, read = await _told(behind)
    assert (behind.read, read.read) == ({stream: 2}, {stream: 3})
    await _events(stream, 50, "ann", month)
    of_nobody = (await sources("nobody")).head
    await _dropped()
    await _events(stream, 50, "ann")
    assert not await _resumes(behind)
    assert not await _resumes(empty), "what it never saw is gone"
    assert await _resumes(read), "nothing of Tom's was dropped after it"
    assert await _resumes(of_nobody, "nobody")
    fresh = (await sources(TOM)).head
    assert (await _told(read))[1] == fresh, "only what is kept takes up room"
    assert fresh.read == {}
    assert await _resumes(fresh)
    await _events(stream, 1, TOM)
    for cursor in (read, fresh):
        assert (await _told(cursor))[0] == [(104, "state")]


async def test_who_begins_with_the_oldest_that_is_kept_goes_on_from_there(book: Book, month: datetime) -> None:
    await owners.USERS.create("Tom", TOM)
    for stream in (await book.stream(), await book.stream(TOM)):
        await _events(stream, 3, TOM, month)
    await _dropped()
    for stream in (await book.stream(), await book.stream(TOM)):
        await _events(stream, 3, TOM)
    cursor, read = (await sources(TOM)).start, []
    while True:
        told, cursor = await _told(parse(cursor.written()), 1)
        if not told:
            break
        read += told
    assert sorted(seq for seq, _ in read) == [4, 4, 5, 5, 6, 6]


async def test_of_ones_own_stream_all_counts(book: Book, month: datetime) -> None:
    await owners.USERS.create("Tom", TOM)
    stream = await book.stream(TOM)
    empty = (await sources(TOM)).head
    await _events(stream, 2, None, month)
    _, behind = await _told(empty, 1)
    _, read = await _told(behind)
    await _dropped()
    assert [await _resumes(cursor) for cursor in (empty, behind, read)] == [False, False, True]
    await _events(stream, 1, None)
    assert (await _told(read))[0] == [(3, "state")]


async def test_who_was_away_for_longer_than_is_remembered_is_reset(book: Book, month: datetime) -> None:
    await _events(await book.stream(), 1, TOM, month)
    read = (await sources(TOM)).head
    await _dropped()
    now = (await sources(TOM)).head.kept_from
    assert await fetch("SELECT FROM ledger.dropped")
    assert await _resumes(Cursor(read.epoch, read.read, now - 12))
    assert not await _resumes(Cursor(read.epoch, read.read, now - 13))
    await fetch("UPDATE ledger.dropped SET month = $1", now - 13)
    await fetch("SELECT ledger.keep_partitions(30)")
    assert not await fetch("SELECT FROM ledger.dropped")


async def test_what_goes_with_a_month_is_noted_for_every_user_and_stream(book: Book, month: datetime) -> None:
    await owners.PROJECTS.create("other", "222")
    streams = [await book.stream(), await book.stream("222")]
    for user in (TOM, "ann", None, TOM):
        for stream in streams:
            await _events(stream, 5, user, month)
    await _events(streams[0], 1, TOM)
    await _dropped()
    rows = await fetch("SELECT uploader, stream, seq FROM ledger.dropped ORDER BY 1, 2")
    assert [tuple(row) for row in rows] == [
        (user, one, seq) for user, seq in (("ann", 10), (TOM, 20)) for one in streams
    ]


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
    await _slot(book)
    head = (await sources(TOM)).head
    assert not await _resumes(Cursor(head.epoch, {await book.stream(): 2}, head.kept_from))
    assert not await _resumes(Cursor(head.epoch, {1 << 62: 1}, head.kept_from))
    assert not await _resumes(Cursor("another", head.read, head.kept_from))


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


async def _check_cost(url: str, stream: int, most: int) -> None:
    kinds = "text, bigint[], bigint[], bigint, bigint, integer"
    given = f"'{TOM}', '{{{stream}}}', '{{0}}', NULL, 0, 100"
    for sql, of, values in ((notifications._SOURCES, "text", f"'{TOM}'"), (notifications._NEWS, kinds, given)):
        plan = await _explained(url, sql, of, values)
        pages = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        print(f"{pages} pages, {plan['Actual Total Time']:.2f} ms")
        assert plan["Actual Rows"] > 0
        assert pages < most


async def test_what_others_sent_to_a_busy_project_is_not_read(book: Book, database_url: str) -> None:
    stream = await book.stream()
    await _events(stream, 1, TOM)
    await _events(stream, MANY // 2, "ann")
    await _events(stream, 1, TOM)
    await _events(stream, MANY // 2, None)
    await _check_cost(database_url, stream, PAGES)  # without statistics, as after a burst
    await fetch("ANALYZE ledger.events")
    await _check_cost(database_url, stream, PAGES)
    assert (await _told((await sources(TOM)).start))[0] == [(1, "state"), (MANY // 2 + 2, "state")]


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
    await _slot(book)
    with pytest.raises(Conflict):
        await sources(TOM)


async def _heard(listener: Listener, into: list[Any]) -> None:
    async for one in notifications_api.follow(TOM, (await sources(TOM)).head, listener):
        into.append(one)


async def test_progress_neither_wakes_nor_is_gathered(book: Book, valkey_url: str) -> None:
    doorbell, listener, teller = Doorbell(valkey_url), Listener(valkey_url), Teller(valkey_url)
    ringing(book, doorbell)
    asset, stream, told = await _slot(book), await book.stream(), list[Any]()
    async with running(doorbell, listener, teller), listener.watch(stream) as other:
        following = asyncio.create_task(_heard(listener, told))
        await until(lambda: _true(len(listener._watched[stream]) == 2))
        [woken] = listener._watched[stream] - {other}
        await asyncio.sleep(LOOK_SECONDS + 0.5)  # heads are known, nothing is new
        for percent in range(20):
            teller.tell(stream, asset, Progress("fetch", float(percent)))
            await asyncio.sleep(0.01)
            assert not woken.is_set()
        await until(lambda: _true(bool(other.progress)))
        assert not getattr(woken, "progress", None)
        assert not told
        await _slot(book)
        await until(lambda: _true(len(told) == 1), 1)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        assert listener._watched[stream] == {other}


async def test_who_is_told_nothing_gets_a_beat_however_much_others_are(
    book: Book, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications_api, "BEAT_SECONDS", 0.5)
    doorbell, listener, told = Doorbell(valkey_url), Listener(valkey_url), list[Any]()
    ringing(book, doorbell)
    await _slot(book)
    async with running(doorbell, listener):
        following = asyncio.create_task(_heard(listener, told))
        for _ in range(25):
            await book.slot()
            await asyncio.sleep(0.1)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    assert 3 <= len(told) <= 5
    assert {one["type"] for one in told} == {"beat"}


async def test_a_reader_that_is_there_while_a_month_goes_loses_nothing_that_it_has_read(
    book: Book, valkey_url: str, month: datetime
) -> None:
    stream, listener, told = await book.stream(), Listener(valkey_url), list[Any]()
    await _events(stream, 2, TOM, month)
    async with running(listener):
        following = asyncio.create_task(_heard(listener, told))
        await until(lambda: _true(bool(listener._watched)))
        await _dropped()
        await _events(stream, 1, TOM)
        await until(lambda: _true(bool(told)), LOOK_SECONDS + 3)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    assert [one.event.seq for one in told if isinstance(one, Notice)] == [3]
    assert len(told) == 1


async def test_a_reader_that_is_behind_while_a_month_goes_is_told_so(
    book: Book, valkey_url: str, month: datetime
) -> None:
    stream, empty = await book.stream(), (await sources(TOM)).head
    await _events(stream, notifications_api.PAGE + 1, TOM, month)
    told = notifications_api.follow(TOM, empty, Listener(valkey_url))
    seqs = [one.event.seq for _ in range(notifications_api.PAGE) if isinstance(one := await anext(told), Notice)]
    assert seqs == list(range(1, notifications_api.PAGE + 1))
    await _dropped()
    reset = await anext(told)
    assert not isinstance(reset, Notice)
    assert reset["type"] == "reset"
    await _events(stream, 1, TOM)
    assert (await _told(parse(reset["cursor"])))[0] == [(notifications_api.PAGE + 2, "state")]
    await told.aclose()


async def _true(that: bool) -> bool:
    return that
