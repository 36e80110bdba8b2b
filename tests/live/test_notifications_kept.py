"""Notifications and what is kept no longer: who has lost something is told so, and nobody else."""

from datetime import datetime

from appliance.accounts import owners
from appliance.ledger.database import fetch
from appliance.live.notifications import Cursor, parse, sources
from tests.ledger.book import Book
from tests.live.noticed import TOM, drop, events, resumed, told_after


async def test_a_cursor_before_what_is_kept_no_more_is_reset_and_no_other(book: Book, month: datetime) -> None:
    stream = await book.stream()
    empty = (await sources(TOM)).head
    await events(stream, 3, TOM, month)
    _, behind = await told_after(empty, 2)
    _, read = await told_after(behind)
    assert (behind.read, read.read) == ({stream: 2}, {stream: 3})
    await events(stream, 50, "ann", month)
    of_nobody = (await sources("nobody")).head
    await drop()
    await events(stream, 50, "ann")
    assert not await resumed(behind)
    assert not await resumed(empty), "what it never saw is gone"
    assert await resumed(read), "nothing of Tom's was dropped after it"
    assert await resumed(of_nobody, "nobody")
    fresh = (await sources(TOM)).head
    assert (await told_after(read))[1] == fresh, "only what is kept takes up room"
    assert fresh.read == {}
    assert await resumed(fresh)
    await events(stream, 1, TOM)
    for cursor in (read, fresh):
        assert (await told_after(cursor))[0] == [(104, "state")]


async def test_who_begins_with_the_oldest_that_is_kept_goes_on_from_there(book: Book, month: datetime) -> None:
    await owners.USERS.create("Tom", TOM)
    for stream in (await book.stream(), await book.stream(TOM)):
        await events(stream, 3, TOM, month)
    await drop()
    for stream in (await book.stream(), await book.stream(TOM)):
        await events(stream, 3, TOM)
    cursor, read = (await sources(TOM)).start, []
    while True:
        told, cursor = await told_after(parse(cursor.written()), 1)
        if not told:
            break
        read += told
    assert sorted(seq for seq, _ in read) == [4, 4, 5, 5, 6, 6]


async def test_of_ones_own_stream_all_counts(book: Book, month: datetime) -> None:
    await owners.USERS.create("Tom", TOM)
    stream = await book.stream(TOM)
    empty = (await sources(TOM)).head
    await events(stream, 2, None, month)
    _, behind = await told_after(empty, 1)
    _, read = await told_after(behind)
    await drop()
    assert [await resumed(cursor) for cursor in (empty, behind, read)] == [False, False, True]
    await events(stream, 1, None)
    assert (await told_after(read))[0] == [(3, "state")]


async def test_who_was_away_for_longer_than_is_remembered_is_reset(book: Book, month: datetime) -> None:
    await events(await book.stream(), 1, TOM, month)
    read = (await sources(TOM)).head
    await drop()
    now = (await sources(TOM)).head.kept_from
    assert await fetch("SELECT FROM ledger.dropped")
    assert await resumed(Cursor(read.epoch, read.read, now - 12))
    assert not await resumed(Cursor(read.epoch, read.read, now - 13))
    await fetch("UPDATE ledger.dropped SET month = $1", now - 13)
    await fetch("SELECT ledger.keep_partitions(30)")
    assert not await fetch("SELECT FROM ledger.dropped")


async def test_what_goes_with_a_month_is_noted_for_every_user_and_stream(book: Book, month: datetime) -> None:
    await owners.PROJECTS.create("other", "222")
    streams = [await book.stream(), await book.stream("222")]
    for user in (TOM, "ann", None, TOM):
        for stream in streams:
            await events(stream, 5, user, month)
    await events(streams[0], 1, TOM)
    await drop()
    rows = await fetch("SELECT uploader, stream, seq FROM ledger.dropped ORDER BY 1, 2")
    assert [tuple(row) for row in rows] == [
        (user, one, seq) for user, seq in (("ann", 10), (TOM, 20)) for one in streams
    ]
