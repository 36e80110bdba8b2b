"""The sweep finds what no notification told of, and asks storage no more than it must."""

from collections import Counter
from uuid import UUID

import pytest

from appliance.ledger.database import fetch
from appliance.ledger.inbox import INBOX
from appliance.ledger.sweep import MANY
from storage import layout
from tests.daemons.minio import ROOT, UPLOADER, Minio
from tests.daemons.valkey import Valkey
from tests.ledger.book import PROJECT, Book, age
from tests.ledger.intake import Intake


async def _due(book: Book) -> None:
    """All that is open is to be looked up now."""
    await fetch("UPDATE ledger.assets SET check_at = now() WHERE state IN ('init', 'expired')")


async def test_uploads_whose_notifications_were_lost_are_found(intake: Intake, book: Book) -> None:
    assets = await intake.uploads(10)
    waiting = [await book.slot() for _ in range(5)]
    intake.valkey.delete(INBOX)
    await _due(book)
    assert await intake.sweep.find() == 10
    assert [await book.state(asset) for asset in assets] == ["uploaded"] * 10
    assert [await book.state(asset) for asset in waiting] == ["init"] * 5
    assert len(intake.queued()) == 10
    asked = (intake.objects.heads, intake.objects.lists)
    assert asked[0] == 15
    assert asked[1] == len({str(asset)[:8] for asset in assets})
    assert await intake.sweep.find() == 0
    assert (intake.objects.heads, intake.objects.lists) == asked  # nothing is due


async def test_where_nothing_came_nothing_is_listed(intake: Intake, book: Book) -> None:
    for _ in range(5):
        await book.slot()
    await _due(book)
    assert await intake.sweep.find() == 0
    assert (intake.objects.heads, intake.objects.lists) == (5, 0)


async def test_many_slots_of_one_minute_are_looked_up_by_one_listing(intake: Intake, book: Book) -> None:
    """A minute is what the first 8 digits of an id have in common; the uploads may fall into two."""
    assets = await intake.uploads(2 * MANY)
    minutes = Counter(str(asset)[:8] for asset in assets)
    await _due(book)
    assert await intake.sweep.find() == 2 * MANY
    assert intake.objects.lists == len(minutes)
    assert intake.objects.heads == sum(count for count in minutes.values() if count < MANY)
    assert intake.objects.lists >= 1


async def test_a_listing_reads_what_is_open_and_not_what_the_day_holds(intake: Intake, book: Book) -> None:
    """Photos of other minutes of the same day, thousands in life, are not in it."""
    other = layout.original_key("projects", PROJECT, "images", UUID(int=(await book.slot()).int - (3_600_000 << 80)))
    intake.minio.objects(ROOT).put(layout.ORIGINALS, other, b"an hour ago", "image/jpeg")
    await intake.uploads(2 * MANY)
    await _due(book)
    assert await intake.sweep.find() == 2 * MANY
    assert other not in intake.objects.listed
    assert len(intake.objects.listed) >= MANY


async def test_a_replayed_form_is_no_other_photo_when_it_is_found(intake: Intake, book: Book) -> None:
    """What was stored first is pinned; the other one goes when its notification comes."""
    [asset] = await intake.uploads(1)
    [first] = intake.stored(asset)
    await intake.upload(asset, b"other bytes")
    await intake.notified_of(intake.stored(asset))
    await _due(book)
    assert await intake.sweep.find() == 1
    claim = await book.ledger.claim(asset, 30)
    assert claim is not None
    assert claim.version_id == first.version_id
    await intake.read()
    assert [stat.version_id for stat in intake.stored(asset)] == [first.version_id]


async def test_a_hint_makes_the_next_round_look(intake: Intake, book: Book) -> None:
    [asset] = await intake.uploads(1)
    assert await intake.sweep.find() == 0
    await book.ledger.hurry(asset)
    assert await intake.sweep.find() == 1
    await book.ledger.hurry(asset)
    assert (await book.row(asset))["check_at"] is None, "what is not open is not looked for"


async def test_a_slot_whose_form_ran_out_expires_and_late_bytes_are_still_taken(intake: Intake, book: Book) -> None:
    asset = await book.slot()
    await age(asset, 900 + 59)
    assert await intake.sweep.find() == 0
    assert await book.state(asset) == "init"
    await age(asset, 62)
    assert await intake.sweep.find() == 0
    assert await book.state(asset) == "expired"
    await intake.upload(asset)
    intake.valkey.delete(INBOX)
    await age(asset, 301)
    assert await intake.sweep.find() == 1
    assert await book.state(asset) == "uploaded"


async def test_bytes_that_came_in_the_last_moment_are_taken_not_expired(intake: Intake, book: Book) -> None:
    [asset] = await intake.uploads(1)
    await age(asset, 1000)
    assert await intake.sweep.find() == 1
    assert await book.state(asset) == "uploaded"


async def test_no_answer_is_not_no_bytes(intake: Intake, book: Book, minio: Minio, valkey: Valkey) -> None:
    """With a key that may look at nothing: nothing is found, nothing expires."""
    blind = Intake(book, valkey, minio, UPLOADER)
    assets = await intake.uploads(2)
    for asset in assets:
        await age(asset, 1000)
    assert await blind.sweep.find() == 0
    assert [await book.state(asset) for asset in assets] == ["init"] * 2


@pytest.mark.parametrize("count", [3, MANY + 5])
async def test_nothing_expires_while_storage_is_away(
    book: Book, valkey: Valkey, minio: Minio, intake: Intake, count: int
) -> None:
    assets = [await book.slot() for _ in range(count)]
    for asset in assets:
        await age(asset, 1000)
    minio.daemon.kill()
    try:
        assert await intake.sweep.find() == 0
        await intake.sweep.erase()
    finally:
        minio.daemon.start()
    assert {await book.state(asset) for asset in assets} == {"init"}
    for asset in assets:
        await age(asset, 60)
    await intake.sweep.find()
    assert {await book.state(asset) for asset in assets} == {"expired"}


async def test_nothing_expires_by_the_word_of_a_storage_whose_drives_are_being_healed(
    intake: Intake, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It takes writes and calls itself healthy, and lacks what was not copied to its new drives yet."""
    asset = await book.slot()
    await age(asset, 1000)
    with monkeypatch.context() as healing:
        healing.setattr(intake.objects, "whole", lambda: False)
        await intake.sweep.find()
    assert await book.state(asset) == "init"
    await age(asset, 60)
    await intake.sweep.find()
    assert await book.state(asset) == "expired"
