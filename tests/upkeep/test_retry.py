"""Trying again what failed: by project, by reason, and each asset once."""

from uuid import UUID

from appliance.accounts.whose import Whose
from appliance.ledger.database import fetch
from appliance.ledger.service import Failure
from appliance.upkeep import retry
from tests.ledger.book import PROJECT, Book

SLOW = Failure("too_slow", "This file took too long to be processed.")
CANCELLED = Failure("cancelled", "It was cancelled.")


async def failed(book: Book, failure: Failure) -> UUID:
    claim = await book.claimed()
    assert await book.ledger.fail(claim, failure)
    return claim.id


async def without_file(book: Book) -> UUID:
    asset = await book.slot()
    await fetch(
        "SELECT ledger.transition(ARRAY[$1::uuid], '{init}', 'error', "
        """ARRAY['{"code": "lost", "message": "It never came."}'::jsonb])""",
        asset,
    )
    return asset


async def test_only_what_failed_for_the_reason_is_tried_again(book: Book) -> None:
    slow, unreadable = [await failed(book, SLOW) for _ in range(3)], await book.asset_in("error")
    done = await book.asset_in("done")
    told = (await retry.retry(book.ledger, Whose("projects", PROJECT), "too_slow")).told()
    assert told == {"retried": 3, "by_code": {"too_slow": 3}, "without_file": 0, "more": False}
    assert {await book.state(asset) for asset in slow} == {"uploaded"}
    assert (await book.state(unreadable), await book.state(done)) == ("error", "done")
    assert (await book.row(slow[0]))["tries"] == 3


async def test_only_in_the_project_that_was_named(book: Book) -> None:
    asset = await failed(book, SLOW)
    assert (await retry.retry(book.ledger, Whose("projects", "other"), None)).by_code.total() == 0
    assert await book.state(asset) == "error"
    assert (await retry.retry(book.ledger, None, None)).by_code == {"too_slow": 1}


async def test_what_has_no_file_is_counted_and_left(book: Book) -> None:
    asset = await without_file(book)
    expired = await book.asset_in("expired")
    told = await retry.retry(book.ledger, None, None)
    assert (told.by_code.total(), told.without_file) == (0, 1)
    assert (await book.state(asset), await book.state(expired)) == ("error", "expired")


async def test_what_fails_again_at_once_is_not_tried_for_ever(book: Book) -> None:
    """A batch is one asset here, and each fails again before the next batch is looked for."""
    assets = [await failed(book, SLOW) for _ in range(5)]
    ledger, again = book.ledger, book.ledger.retry

    async def and_fail(ids: list[UUID]) -> list[UUID]:
        moved = await again(ids)
        for asset in moved:
            claim = await ledger.claim(asset, 30)
            assert claim is not None
            await ledger.fail(claim, SLOW)
        return moved

    ledger.retry = and_fail  # type: ignore[method-assign, assignment]
    retry.BATCH, kept = 1, retry.BATCH
    try:
        assert (await retry.retry(ledger, None, None)).by_code == {"too_slow": 5}
    finally:
        retry.BATCH = kept
    assert {(await book.row(asset))["attempts"] for asset in assets} == {2}


async def test_no_more_than_was_asked_for(book: Book) -> None:
    for _ in range(5):
        await failed(book, SLOW)
    first = await retry.retry(book.ledger, None, None, 3)
    assert (first.by_code.total(), first.more) == (3, True)
    second = await retry.retry(book.ledger, None, None, 3)
    assert (second.by_code.total(), second.more) == (2, False)


async def test_reasons_are_counted_by_project(book: Book) -> None:
    await failed(book, SLOW)
    await failed(book, SLOW)
    await without_file(book)
    found = [(r.owner, r.code, r.failed, r.with_file) for r in await retry.reasons(None, None)]
    assert found == [(PROJECT, "too_slow", 2, 2), (PROJECT, "lost", 1, 0)]
    assert await retry.reasons(Whose("projects", "other"), None) == []
