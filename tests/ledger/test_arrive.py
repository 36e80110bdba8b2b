"""Bytes that storage tells of: which are taken, which are known, and which must go."""

import asyncio
import random
from uuid import UUID

import pytest

from appliance.ledger.service import Bytes
from storage.layout import ORIGINALS
from tests.ledger.book import Book


async def _verdicts(book: Book, *came: Bytes) -> list[str]:
    return [verdict.verdict for verdict in await book.ledger.arrive(ORIGINALS, came)]


async def test_bytes_are_pinned_and_the_slot_is_uploaded(book: Book) -> None:
    came = book.bytes(await book.slot())
    [verdict] = await book.ledger.arrive(ORIGINALS, [came])
    assert (verdict.verdict, verdict.lane, verdict.attempt) == ("moved", "images", 1)
    claim = await book.ledger.claim(came.asset, 30)
    assert claim is not None
    assert (claim.bucket, claim.key, claim.version_id, claim.size) == (ORIGINALS, came.key, came.version_id, came.size)
    assert (await book.row(came.asset))["check_at"] is None


async def test_the_same_bytes_told_again_change_nothing(book: Book) -> None:
    came = book.bytes(await book.slot())
    assert await _verdicts(book, came) == ["moved"]
    assert await _verdicts(book, came) == ["known"]
    assert len(await book.events()) == 2


async def test_a_doubled_notification_in_one_batch_is_no_stranger(book: Book) -> None:
    """Both targets tell of the same version at once; taken for another one it would be deleted."""
    came = book.bytes(await book.slot())
    assert await _verdicts(book, came, came) == ["moved", "known"]


async def test_of_two_versions_in_one_batch_the_first_is_pinned(book: Book) -> None:
    asset = await book.slot()
    first, replayed = book.bytes(asset), book.bytes(asset)
    assert await _verdicts(book, first, replayed, first) == ["moved", "foreign", "known"]
    assert await _verdicts(book, replayed) == ["foreign"]
    claim = await book.ledger.claim(asset, 30)
    assert claim is not None
    assert claim.version_id == first.version_id


async def test_a_batch_shuffled_and_doubled_moves_every_asset_once(book: Book) -> None:
    came = [book.bytes(await book.slot()) for _ in range(50)]
    told = came * 4
    random.Random(1).shuffle(told)
    parts = [told[n::8] for n in range(8)]
    answers = await asyncio.gather(*(_verdicts(book, *part) for part in parts))
    verdicts = [verdict for answer in answers for verdict in answer]
    assert (verdicts.count("moved"), verdicts.count("known")) == (50, 150)
    assert len(await book.events()) == 100


@pytest.mark.parametrize("state", ["processing", "done"])
async def test_another_version_is_foreign_once_one_is_pinned(book: Book, state: str) -> None:
    asset = await book.asset_in(state)
    assert await _verdicts(book, book.bytes(asset)) == ["foreign"]
    assert await book.state(asset) == state


async def test_late_bytes_of_an_expired_slot_are_taken(book: Book) -> None:
    asset = await book.asset_in("expired")
    assert await _verdicts(book, book.bytes(asset)) == ["moved"]
    assert await book.state(asset) == "uploaded"


@pytest.mark.parametrize("state", ["deleting", "deleted"])
async def test_what_is_deleted_takes_no_bytes_not_even_its_own(book: Book, state: str) -> None:
    own = book.bytes(await book.slot())
    await book.ledger.arrive(ORIGINALS, [own])
    await book.ledger.remove([own.asset])
    if state == "deleted":
        await book.ledger.bury(own.asset)
    assert await _verdicts(book, own, book.bytes(own.asset)) == ["foreign", "foreign"]
    assert await book.state(own.asset) == state


async def test_what_was_cancelled_takes_no_bytes(book: Book) -> None:
    asset = await book.slot()
    assert await book.move([asset], "init", "error")
    assert await _verdicts(book, book.bytes(asset)) == ["foreign"]


async def test_bytes_of_nobody_are_unknown_and_do_not_harm_their_batch(book: Book) -> None:
    nobody = book.bytes(UUID("0190a000-0000-7000-8000-000000000000"))
    came = book.bytes(await book.slot())
    assert await _verdicts(book, nobody, came) == ["unknown", "moved"]
