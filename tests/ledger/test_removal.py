"""Deletion: out of view at once, a tombstone until nothing can be written any more, and then nothing."""

import itertools
from uuid import UUID

import pytest

from appliance.ledger.database import fetch
from tests.ledger.book import Book, Clock, age

DUE = "SELECT id, state::text, last FROM ledger.erase_due(100)"


async def _due() -> list[tuple[UUID, str, bool]]:
    rows = await fetch(DUE)
    return [(row["id"], row["state"], row["last"]) for row in rows]


async def _blobs() -> int:
    return int((await fetch("SELECT count(*) AS n FROM ledger.blobs"))[0]["n"])


async def test_removal_is_told_twice_gone_from_view_and_bytes_gone(book: Book) -> None:
    asset = await book.asset_in("done")
    assert await book.ledger.remove([asset]) == [asset]
    assert await book.ledger.remove([asset]) == []
    assert await book.ledger.bury(asset)
    assert not await book.ledger.bury(asset)
    told = [(event["type"], event["state"]) for event in await book.events()]
    assert told[-2:] == [("deleted", "deleting"), ("erased", "deleted")]


@pytest.mark.parametrize("state", ["init", "expired", "uploaded", "processing", "done", "error"])
async def test_everything_in_view_can_be_removed(book: Book, state: str) -> None:
    asset = await book.asset_in(state)
    assert await book.ledger.remove([asset]) == [asset]
    assert await _due() == [(asset, "deleting", False)]


async def test_nothing_is_buried_that_is_not_being_deleted(book: Book) -> None:
    asset = await book.asset_in("done")
    assert not await book.ledger.bury(asset)
    assert await book.state(asset) == "done"


async def test_a_blob_goes_with_its_last_reference(book: Book) -> None:
    first, second = await book.asset_in("done"), await book.asset_in("done")
    await fetch(
        "UPDATE ledger.assets SET blob = (SELECT blob FROM ledger.assets WHERE id = $1) WHERE id = $2", first, second
    )
    before = await _blobs()
    for asset, left in ((first, before), (second, before - 1)):
        await book.ledger.remove([asset])
        await book.ledger.bury(asset)
        assert await _blobs() == left
        row = await book.row(asset)
        assert (row["blob"], row["facts"], row["filename"]) == (None, None, "")
    assert await fetch("SELECT FROM ledger.versions") == []


async def test_what_could_not_be_removed_is_due_again(book: Book) -> None:
    asset = await book.asset_in("deleting")
    assert await _due() == [(asset, "deleting", False)]
    assert await _due() == []
    await age(asset, 11)
    assert await _due() == [(asset, "deleting", False)]


async def test_a_tombstone_is_looked_at_while_its_form_is_good_and_once_an_hour_later(book: Book) -> None:
    asset = await book.asset_in("deleted")
    clock, looks = Clock(asset), []
    for step in range(0, 6000, 10):
        looks += [(step, row["last"]) for row in await clock.fetch(10 if step else 0, DUE)]
    gone = next(step for step, last in looks if last)
    while_good = [step for step, _ in looks if step <= 960]
    assert all(later - earlier <= 60 for earlier, later in itertools.pairwise(while_good))
    assert while_good[0] == 20
    assert 16 < len(while_good) < 24
    assert 900 + 3600 <= gone <= 900 + 3700
    assert len([step for step, _ in looks if 960 < step <= gone]) <= 3


async def test_a_tombstone_outlives_the_worker_that_had_it(book: Book) -> None:
    """Its form is long gone, but a worker may write versions for as long as its job may take."""
    claim = await book.claimed()
    await fetch("UPDATE ledger.assets SET expires_at = now() - interval '1 day' WHERE id = $1", claim.id)
    await book.ledger.remove([claim.id])
    await book.ledger.bury(claim.id)
    for _ in range(3):
        await age(claim.id, 51)
        assert await _due() == [(claim.id, "deleted", False)]
    await age(claim.id, 600)
    assert await _due() == [(claim.id, "deleted", True)]


async def test_what_nobody_can_write_to_is_looked_at_once_more(book: Book) -> None:
    asset = await book.asset_in("done")
    await fetch("UPDATE ledger.assets SET expires_at = now() - interval '1 day' WHERE id = $1", asset)
    await book.ledger.remove([asset])
    await book.ledger.bury(asset)
    assert await _due() == []
    await age(asset, 21)
    assert await _due() == [(asset, "deleted", True)]


async def test_neither_deletions_nor_tombstones_wait_for_all_of_the_other(book: Book) -> None:
    """However many there are, and whichever has been due for longer."""
    for kind, other in (("deleting", "deleted"), ("deleted", "deleting")):
        many = {await book.asset_in(kind) for _ in range(12)}
        for asset in many:
            await age(asset, 100)
        one = await book.asset_in(other)
        await age(one, 50)
        found = {row["id"] for row in await fetch("SELECT id FROM ledger.erase_due(5)")}
        assert one in found
        assert len(found & many) == 5
        await fetch("DELETE FROM ledger.assets")
