"""The queue is a window on the backlog: never more than that in it, filled from the ledger, oldest first."""

import asyncio
from uuid import UUID

import pytest

from appliance.ledger.database import fetch
from appliance.ledger.sweep import chores
from appliance.library.catalogue import Catalogue, Library
from appliance.library.mounted import Broken
from appliance.queue import BACKFILL, job_id
from tests.daemons.valkey import Valkey
from tests.ledger.book import Book, age
from tests.ledger.intake import WINDOW, Intake
from tests.ledger.libraries import mounted, wanted


async def _waiting(book: Book, count: int) -> list[UUID]:
    """So many uploads that wait, the oldest first, a second apart."""
    first = await book.uploaded()
    rows = await fetch(
        "INSERT INTO ledger.assets (stream, root, owner, folder, kind, lane, recipe, filename, state, blob, "
        "expires_at, uploaded_at) SELECT stream, root, owner, folder, kind, lane, recipe, filename, state, blob, "
        "expires_at, now() - make_interval(secs => $2 - n) FROM ledger.assets, generate_series(1, $2) n WHERE id = $1 "
        "RETURNING id, uploaded_at",
        first,
        count,
    )
    await fetch("DELETE FROM ledger.assets WHERE id = $1", first)
    return [row["id"] for row in sorted(rows, key=lambda row: row["uploaded_at"])]


async def _work(intake: Intake, book: Book, count: int) -> list[UUID]:
    """Does the first `count` jobs of the queue as a worker would."""
    done = []
    for job in intake.queued()[:count]:
        asset = UUID(job[:36])
        claim = await book.ledger.claim(asset, 30)
        assert claim is not None
        await book.finish(claim)
        intake.valkey.zrem("darkroom:queue:images", job)
        intake.valkey.delete(f"arq:job:{job}")
        done.append(asset)
    return done


@pytest.mark.long
async def test_five_thousand_uploads_do_not_flood_the_queue_and_drain_in_order(intake: Intake, book: Book) -> None:
    assets = await _waiting(book, 5000)
    done: list[UUID] = []
    for _ in range(4):
        await intake.sweep.fill()
        assert len(intake.queued()) <= WINDOW
        done += await _work(intake, book, 200)
    assert len(done) >= 600
    assert done == assets[: len(done)]


async def test_a_hundred_thousand_uploads_do_not_flood_the_queue(intake: Intake, book: Book) -> None:
    assets = await _waiting(book, 100_000)
    await intake.sweep.fill()
    assert {job[:36] for job in intake.queued()} == {str(asset) for asset in assets[:WINDOW]}
    await intake.sweep.fill()
    assert len(intake.queued()) == WINDOW


async def test_a_valkey_that_lost_everything_is_filled_again(intake: Intake, book: Book) -> None:
    assets = [await book.uploaded() for _ in range(20)]
    dead = await book.claimed()
    await age(dead.id, 31)
    await intake.sweep.fill()
    before = intake.queued()
    assert sorted(before) == sorted([f"{dead.id}:2", *(f"{asset}:1" for asset in assets)])
    intake.valkey.flushall()
    assert intake.queued() == []
    await intake.sweep.fill()
    assert sorted(intake.queued()) == sorted(before)


async def test_filling_again_queues_nothing_twice(intake: Intake, book: Book) -> None:
    await book.uploaded()
    for _ in range(3):
        await intake.sweep.fill()
    assert len(intake.queued()) == 1


async def test_nothing_is_queued_that_is_not_open(intake: Intake, book: Book) -> None:
    for state in ("init", "expired", "processing", "done", "error", "deleting", "deleted"):
        await book.asset_in(state)
    await intake.sweep.fill()
    assert intake.queued() == []


async def test_a_burst_that_arrives_does_not_flood_the_queue_either(intake: Intake, book: Book) -> None:
    came = [book.bytes(await book.slot()) for _ in range(WINDOW + 50)]
    for start in range(0, len(came), 50):
        await intake.arrivals.take(came[start : start + 50], "notification")
        assert len(intake.queued()) <= WINDOW
    await intake.sweep.fill()
    assert len(intake.queued()) == WINDOW


async def test_what_has_just_come_does_not_overtake_what_waits(intake: Intake, book: Book) -> None:
    assets = await _waiting(book, 1000)
    done: list[UUID] = []
    for _ in range(6):
        await intake.sweep.fill()
        assert len(intake.queued()) == WINDOW
        done += await _work(intake, book, 100)
        await intake.arrivals.take([book.bytes(await book.slot()) for _ in range(120)], "notification")
    assert done == assets[:600]


async def test_filling_asks_only_for_what_is_missing(intake: Intake, book: Book) -> None:
    """What is in the queue already is not put there again and again while there is a backlog."""
    await _waiting(book, 100)
    await intake.sweep.fill()
    before = intake.valkey.info("commandstats")["cmdstat_watch"]["calls"]
    await intake.sweep.fill()
    assert intake.valkey.info("commandstats")["cmdstat_watch"]["calls"] == before


async def test_a_valkey_that_is_away_delays_no_caller_and_the_sweep_queues_later(
    intake: Intake, book: Book, valkey: Valkey
) -> None:
    """The client's hint ends here too: it must not wait for Valkey."""
    came = book.bytes(await book.slot())
    valkey.daemon.kill()
    try:
        async with asyncio.timeout(60):  # it is 2 s on an idle machine, and without a bound of its own for ever
            [verdict] = await intake.arrivals.take([came], "notification")
    finally:
        valkey.daemon.start()
    intake.valkey = valkey.client()  # the connections of the old one are dead
    # While the disk is busy Valkey writes its log up to 2 s late: the killed one may have forgotten that it was empty.
    intake.valkey.flushall()
    assert verdict.verdict == "moved"
    assert await book.state(came.asset) == "uploaded"
    assert intake.queued() == []
    await intake.sweep.fill()
    assert intake.queued() == [f"{came.asset}:1"]


async def test_what_is_put_off_again_and_again_keeps_nothing_new_waiting(intake: Intake, book: Book) -> None:
    """More files that storage can't read than the queue's window holds."""
    await _waiting(book, WINDOW + 50)
    await fetch("UPDATE ledger.assets SET state = 'processing', lease_until = now() - interval '1 hour'")
    new = await book.uploaded()
    await intake.sweep.fill()
    assert f"{new}:1" in intake.queued()
    assert WINDOW / 3 <= len(intake.queued()) - 1 <= WINDOW / 3 + 1, "and they come again too"


async def test_a_thousand_that_are_tried_again_do_not_keep_new_uploads_waiting(intake: Intake, book: Book) -> None:
    failed = await _waiting(book, 1000)
    await fetch("UPDATE ledger.assets SET attempts = 3")
    await intake.sweep.fill()
    assert [job[:36] for job in intake.queued()] == sorted(str(asset) for asset in failed[: -(-WINDOW // 3)])
    new = await _waiting(book, 5)
    await intake.sweep.fill()
    assert [UUID(job[:36]) for job in intake.queued()[:5]] == sorted(new)
    assert len(intake.queued()) == 5 + -(-WINDOW // 3)


async def test_what_is_tried_again_is_queued_beside_new_work_as_far_as_there_is_room(
    intake: Intake, book: Book
) -> None:
    await _waiting(book, WINDOW - 10)
    new = {job_id(row["id"], 1) for row in await fetch("SELECT id FROM ledger.assets")}
    failed = await _waiting(book, 20)
    await fetch("UPDATE ledger.assets SET attempts = 1 WHERE id = ANY ($1)", failed)
    await intake.sweep.fill()
    assert set(intake.queued()) == new | {job_id(asset, 2) for asset in failed[:10]}


async def _offered(intake: Intake, library: Library) -> set[UUID]:
    """What is in the queue of a library once the sweep was there."""
    await intake.sweep.fill()
    rows = await fetch("SELECT asset FROM ledger.library_files WHERE library = $1", library.id)
    return {row["asset"] for row in rows} & {UUID(job[:36]) for job in await intake.queue.waiting(BACKFILL)}


async def test_a_library_that_comes_to_another_has_its_share_at_once(intake: Intake, book: Book) -> None:
    """They may be on different hosts, and what is done of the one is hours of work that the other need not wait for."""
    large, small = await mounted(book, "Large", "here"), await mounted(book, "Small", "there")
    files, few = await wanted(book, large, WINDOW + 50), await wanted(book, small, 5)
    await fetch("UPDATE ledger.libraries SET paused = (id = $1)", small.id)
    assert await _offered(intake, large) == set(files[:WINDOW])
    await fetch("UPDATE ledger.libraries SET paused = false")
    assert await _offered(intake, small) == set(few)
    assert await _offered(intake, large) == set(files[: WINDOW // 2])
    intake.valkey.flushall()
    assert await _offered(intake, small) == set(few)
    assert len(await intake.queue.waiting(BACKFILL)) == WINDOW // 2 + 5


async def test_what_is_of_a_host_that_is_gone_is_in_the_way_of_nobody(intake: Intake, book: Book) -> None:
    gone, here = await mounted(book, "Gone", "gone"), await mounted(book, "Here", "here")
    lost, files = await wanted(book, gone, WINDOW + 50), await wanted(book, here, WINDOW)
    assert await _offered(intake, gone) == set(lost[: WINDOW // 2])
    await fetch("UPDATE ledger.libraries SET mounted_at = now() - interval '6 minutes' WHERE id = $1", gone.id)
    assert await _offered(intake, gone) == set()
    assert await _offered(intake, here) == set(files)
    await mounted(book, "Gone", "another")
    assert await _offered(intake, gone) == set(lost[: WINDOW // 2])


async def test_what_a_host_that_is_gone_has_said_of_its_files_is_forgotten(intake: Intake, book: Book) -> None:
    for host in ("gone", "here"):
        await Catalogue(book.ledger, host).broken([Broken("films.json", "it is no JSON")])
    await fetch("UPDATE ledger.libraries SET mounted_at = now() - interval '6 minutes' WHERE host = 'gone'")
    library = await mounted(book, "Films", "gone")
    await fetch("UPDATE ledger.libraries SET mounted_at = now() - interval '1 year' WHERE id = $1", library.id)
    assert intake.sweep.forget_broken in chores(intake.sweep)
    await intake.sweep.forget_broken()
    left = await fetch("SELECT host, name FROM ledger.libraries ORDER BY host")
    assert [tuple(row) for row in left] == [("gone", "Films"), ("here", "films.json")]
