"""Leases: claimed, renewed, lost, given back, used up; and what is open for the queue."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from appliance.ledger.database import fetch
from tests.ledger.book import FAILURE, VERSION, Book, age


async def _open(book: Book, most: int = 10) -> list[tuple[UUID, int]]:
    rows = await fetch("SELECT * FROM ledger.open_jobs('images', $1)", most)
    return [(row["id"], row["attempt"]) for row in rows]


async def test_a_claim_leases_counts_and_is_told(book: Book) -> None:
    asset = await book.uploaded()
    claim = await book.ledger.claim(asset, 30)
    assert claim is not None
    assert claim.attempts == 1
    assert await book.ledger.claim(asset, 30) is None
    row = await book.row(asset)
    assert (row["state"], row["lease"], row["tries"]) == ("processing", claim.lease, 2)


@pytest.mark.parametrize("state", ["init", "expired", "done", "error", "deleting", "deleted"])
async def test_there_is_nothing_to_claim_in_any_other_state(book: Book, state: str) -> None:
    asset = await book.asset_in(state)
    assert await book.ledger.claim(asset, 30) is None
    assert await book.state(asset) == state


async def test_a_result_is_recorded_once_with_its_versions(book: Book) -> None:
    claim = await book.claimed()
    assert await book.finish(claim)
    [version] = await fetch("SELECT * FROM ledger.versions WHERE asset = $1", claim.id)
    assert {name: version[name] for name in VERSION} == VERSION
    row = await book.row(claim.id)
    assert (row["state"], row["lease"], row["lease_until"]) == ("done", None, None)
    assert not await book.finish(claim)
    assert not await book.ledger.fail(claim, FAILURE)


async def test_who_lost_the_lease_can_do_nothing_with_it(book: Book) -> None:
    lost = await book.claimed()
    await age(lost.id, 31)
    held = await book.ledger.claim(lost.id, 30)
    assert held is not None
    assert (held.attempts, held.lease == lost.lease) == (2, False)
    assert not await book.ledger.renew(lost, 30)
    assert not await book.finish(lost)
    assert not await book.ledger.fail(lost, FAILURE)
    await book.ledger.give_back(lost, 0)
    row = await book.row(lost.id)
    assert (row["state"], row["lease"], row["tries"]) == ("processing", held.lease, 1)
    assert await book.finish(held)


async def test_a_second_claim_is_no_second_event(book: Book) -> None:
    lost = await book.claimed()
    await age(lost.id, 31)
    await book.ledger.claim(lost.id, 30)
    assert [event["state"] for event in await book.events()] == ["init", "uploaded", "processing"]


async def test_a_lease_that_ran_out_is_good_as_long_as_nobody_took_it(book: Book) -> None:
    claim = await book.claimed()
    await age(claim.id, 31)
    assert await book.ledger.renew(claim, 30)
    assert await book.ledger.claim(claim.id, 30) is None
    assert await book.finish(claim)


async def test_after_three_tries_without_an_answer_it_is_given_up(book: Book) -> None:
    asset = await book.uploaded()
    for attempt in (1, 2, 3):
        assert await _open(book) == [(asset, attempt)]
        assert await book.ledger.claim(asset, 30) is not None
        assert await book.ledger.give_up() == []
        await age(asset, 31)
    assert await _open(book) == []
    assert await book.ledger.claim(asset, 30) is None
    assert await book.ledger.give_up() == [asset]
    row = await book.row(asset)
    assert (row["state"], row["error_code"], row["error_fixer"]) == ("error", "processing_failed", "operator")
    assert await book.ledger.give_up() == []


async def test_giving_up_overlooks_no_lease_that_is_renewed_in_that_moment(book: Book, database_url: str) -> None:
    claim = await book.claimed()
    await fetch("UPDATE ledger.assets SET tries = 0 WHERE id = $1", claim.id)
    await age(claim.id, 31)
    renewing = await asyncpg.connect(database_url)
    try:
        async with renewing.transaction():
            await renewing.execute("SELECT ledger.renew($1, $2, 30)", claim.id, claim.lease)
            giving_up = asyncio.create_task(book.ledger.give_up())
            await asyncio.sleep(0.3)
        assert await giving_up == []
    finally:
        await renewing.close()
    assert await book.finish(claim)


async def test_giving_back_uses_up_no_try_and_waits(book: Book) -> None:
    asset = await book.uploaded()
    for _ in range(6):
        claim = await book.ledger.claim(asset, 30)
        assert claim is not None
        await book.ledger.give_back(claim, 2)
        assert await book.ledger.claim(asset, 30) is None
        await age(asset, 3)
    row = await book.row(asset)
    assert (row["tries"], row["attempts"]) == (3, 6)
    assert await _open(book) == [(asset, 7)]


async def test_what_was_given_back_is_no_lease_any_more(book: Book) -> None:
    """Else given back twice it would be two tries, and a result could come beside that of the next worker."""
    claim = await book.claimed()
    await book.ledger.give_back(claim, 0)
    await book.ledger.give_back(claim, 0)
    assert (await book.row(claim.id))["tries"] == 3
    assert not await book.ledger.renew(claim, 30)
    assert not await book.finish(claim)
    assert not await book.ledger.fail(claim, FAILURE)
    assert await book.state(claim.id) == "processing"
    assert await book.ledger.claim(claim.id, 30) is not None


async def test_a_failure_says_why_and_a_retry_begins_anew(book: Book) -> None:
    claim = await book.claimed()
    assert await book.ledger.fail(claim, FAILURE)
    row = await book.row(claim.id)
    assert (row["state"], row["error_code"], row["error_message"]) == ("error", FAILURE.code, FAILURE.message)
    assert (await book.events())[-1]["facts"] is not None
    assert await book.ledger.retry([claim.id]) == [claim.id]
    row = await book.row(claim.id)
    assert (row["state"], row["error_code"], row["tries"], row["attempts"]) == ("uploaded", None, 3, 1)
    again = await book.ledger.claim(claim.id, 30)
    assert again is not None
    assert (again.version_id, again.attempts) == (claim.version_id, 2)


@pytest.mark.parametrize("state", ["init", "expired", "uploaded", "processing", "done", "deleting", "deleted"])
async def test_only_what_failed_is_tried_again(book: Book, state: str) -> None:
    asset = await book.asset_in(state)
    assert await book.ledger.retry([asset]) == []
    assert await book.state(asset) == state


async def test_what_failed_without_bytes_is_not_tried_again(book: Book) -> None:
    asset = await book.slot()
    await book.move([asset], "init", "error")
    assert await book.ledger.retry([asset]) == []


async def test_what_is_tried_again_comes_after_what_is_new(book: Book) -> None:
    again = await book.uploaded()
    await fetch("UPDATE ledger.assets SET attempts = 2")
    await age(again, 60)
    new = await book.uploaded()
    assert await _open(book) == [(new, 1), (again, 3)]


async def test_open_jobs_are_the_oldest_first_and_dead_work_before_all(book: Book) -> None:
    assets = [await book.uploaded() for _ in range(5)]
    for seconds, asset in zip((50, 10, 40, 20, 30), assets, strict=True):
        await age(asset, seconds)
    dead, alive = await book.claimed(), await book.claimed()
    await age(dead.id, 31)
    order = [assets[n] for n in (0, 2, 4, 3, 1)]
    assert await _open(book) == [(dead.id, 2), *((asset, 1) for asset in order)]
    assert alive.id not in [asset for asset, _ in await _open(book)]
    assert await fetch("SELECT * FROM ledger.open_jobs('media', 10)") == []
