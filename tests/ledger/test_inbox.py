"""Notifications: read in batches, safe against the death of the reader, doubles, disorder and nonsense."""

import asyncio
import json
import random

import pytest
from structlog.testing import capture_logs

from appliance.ledger.inbox import INBOX, TAKEN
from storage.layout import ORIGINALS
from tests.daemons.minio import READER, Minio
from tests.daemons.valkey import Valkey
from tests.ledger.book import Book
from tests.ledger.intake import Intake


async def test_uploads_are_taken_in_and_queued(intake: Intake, book: Book) -> None:
    assets = await intake.uploads(5)
    await intake.notified(assets)
    await intake.read()
    assert [await book.state(asset) for asset in assets] == ["uploaded"] * 5
    assert sorted(intake.queued()) == sorted(f"{asset}:1" for asset in assets)
    for asset in assets:
        [stat] = intake.stored(asset)
        claim = await book.ledger.claim(asset, 30)
        assert claim is not None
        assert (claim.version_id, claim.key, claim.size) == (stat.version_id, stat.key, stat.size)


async def test_notifications_doubled_ten_times_and_shuffled_move_each_once(intake: Intake, book: Book) -> None:
    assets = await intake.uploads(12)
    told = await intake.notified(assets) * 10
    random.Random(3).shuffle(told)
    intake.valkey.delete(INBOX)
    intake.valkey.rpush(INBOX, *told)
    await intake.read()
    assert [await book.state(asset) for asset in assets] == ["uploaded"] * 12
    assert len(await book.events()) == 24
    assert all(len(intake.stored(asset)) == 1 for asset in assets)


async def test_of_two_versions_told_in_the_wrong_order_the_first_that_was_stored_is_pinned(
    intake: Intake, book: Book
) -> None:
    [asset] = await intake.uploads(1)
    [first] = intake.stored(asset)
    await intake.upload(asset, b"other bytes")
    [replay] = [stat for stat in intake.stored(asset) if stat != first]
    told = await intake.notified_of([first, replay])
    intake.valkey.delete(INBOX)
    intake.valkey.rpush(INBOX, *sorted(told, key=lambda element: replay.version_id.encode() not in element))
    await intake.read()
    assert [stat.version_id for stat in intake.stored(asset)] == [first.version_id]
    claim = await book.ledger.claim(asset, 30)
    assert claim is not None
    assert claim.version_id == first.version_id


async def test_what_a_dead_reader_had_taken_is_read_first(intake: Intake, book: Book) -> None:
    """It died between the move to its own list and the end of the ledger's transaction, or just after that."""
    assets = await intake.uploads(6)
    await intake.notified(assets)
    for _ in range(intake.valkey.llen(INBOX)):
        intake.valkey.lmove(INBOX, TAKEN, "LEFT", "RIGHT")
    await intake.arrivals.take([book.bytes(assets[0], intake.stored(assets[0])[0].version_id)], "notification")
    await intake.read()
    assert [await book.state(asset) for asset in assets] == ["uploaded"] * 6
    assert all(len(intake.stored(asset)) == 1 for asset in assets)
    assert len(await book.events()) == 12


async def test_what_was_taken_and_not_handed_on_is_read_while_the_reader_lives(intake: Intake, book: Book) -> None:
    """A broken connection makes the client repeat the move: the first element is in the second list, unseen."""
    [asset] = assets = await intake.uploads(1)
    told = await intake.notified(assets)
    intake.valkey.delete(INBOX)
    async with intake.reading():
        await asyncio.sleep(0.2)  # it has found nothing, and waits
        intake.valkey.rpush(TAKEN, *told)
        await intake.emptied()
    assert await book.state(asset) == "uploaded"


NONSENSE = [
    b"",
    b"{}",
    b"[]",
    b"[1, 2]",
    b"\xff\xfe",
    b'[{"Event": [{"s3": null}]}]',
    b'[{"Event": [{"eventName": "s3:ObjectCreated:Put", "s3": {"bucket": {"name": "b"}, "object": {"key": "a"}}}]}]',
]


@pytest.mark.parametrize("element", NONSENSE)
async def test_nonsense_is_dropped_and_what_follows_is_read(intake: Intake, book: Book, element: bytes) -> None:
    [asset] = assets = await intake.uploads(1)
    await intake.notified(assets)
    intake.valkey.lpush(INBOX, element)
    await intake.read()
    assert await book.state(asset) == "uploaded"


async def test_what_the_ledger_refuses_does_not_hold_up_the_rest(intake: Intake, book: Book) -> None:
    """An element that makes the transaction fail, in the middle of a batch: else it would be read for ever."""
    assets = await intake.uploads(4)
    told = await intake.notified(assets)
    bad = json.loads(told[1])
    record = bad[0]["Event"][0]
    record["s3"]["object"]["versionId"] = "nul\0"
    assert "sourceIPAddress" in record["requestParameters"]
    intake.valkey.linsert(INBOX, "BEFORE", told[1], json.dumps(bad))
    with capture_logs() as logged:
        await intake.read()
    [said] = [line for line in logged if line["event"] == "notification refused by the ledger"]
    assert str(assets[1]) in str(said["told"])
    assert "sourceIPAddress" not in str(said), "of a client nothing is said"
    assert [await book.state(asset) for asset in assets] == ["uploaded"] * 4


async def test_a_replayed_form_makes_a_version_that_is_deleted_at_once(intake: Intake, book: Book) -> None:
    [asset] = assets = await intake.uploads(1)
    await intake.notified(assets)
    await intake.read()
    [pinned] = intake.stored(asset)
    for _ in range(2):
        await intake.upload(asset, b"other bytes")
    await intake.notified_of([stat for stat in intake.stored(asset) if stat != pinned])
    await intake.read()
    assert intake.stored(asset) == [pinned]
    assert intake.objects.get(ORIGINALS, pinned.key, pinned.version_id) == b"a photo"
    assert len(await book.events()) == 2


async def test_storage_that_refuses_to_delete_stops_nobody(
    intake: Intake, book: Book, minio: Minio, valkey: Valkey
) -> None:
    """Its key may not delete: the foreign version stays for another time, and the batch is taken in."""
    other = Intake(book, valkey, minio, READER)
    [asset] = await intake.uploads(1)
    await intake.upload(asset, b"other bytes")
    await intake.notified_of(intake.stored(asset))
    await other.read()
    assert await book.state(asset) == "uploaded"
    assert len(intake.stored(asset)) == 2
