"""What is left of uploads in parts: storage and ledger killed between any two steps leave nothing, and lose nothing."""

from uuid import UUID

import pytest

from appliance.ledger import uploads
from appliance.ledger.database import fetch
from appliance.ledger.leftovers import Leftovers
from appliance.ledger.service import Announced
from appliance.upkeep.retry import retry
from storage import layout
from storage.multiparts import Multiparts
from storage.parts import PartWriter, plan
from tests.daemons.minio import READER, UPLOADER, WORKER
from tests.ledger.book import PROJECT, Book, age
from tests.ledger.intake import Intake

DATA = b"d" * 1000
PLAN = plan(len(DATA))


class Client:
    """Uploads in parts of one intake's storage, as the API drives them."""

    def __init__(self, intake: Intake) -> None:
        self.book = intake.book
        self.writer = PartWriter(intake.minio.url, *UPLOADER)
        self.multiparts = Multiparts(intake.minio.url, *WORKER)
        self.leftovers = Leftovers(self.multiparts)

    async def opened(self, seconds: int = 900) -> UUID:
        said = Announced(len(DATA), None, PLAN.part_size)
        kind = ("images", "image", "images", "file")
        slot = await self.book.ledger.open_slot("projects", PROJECT, *kind, "a.jpg", seconds, announced=said)
        assert slot is not None
        return slot.id

    async def begun(self, asset: UUID) -> str:
        upload = self.writer.begin(layout.ORIGINALS, key(asset))
        assert await uploads.begin(asset, upload, None)
        self.writer.part(layout.ORIGINALS, key(asset), upload, 1, DATA)
        return upload

    def put_together(self, asset: UUID, upload: str) -> None:
        parts = self.writer.listed(layout.ORIGINALS, key(asset), upload)
        assert parts is not None
        assert self.writer.put_together(layout.ORIGINALS, key(asset), upload, parts)

    def unfinished(self, asset: UUID) -> int:
        return len(self.multiparts.unfinished(layout.ORIGINALS, key(asset)))


def key(asset: UUID) -> str:
    return layout.original_key("projects", PROJECT, "images", asset)


async def known(asset: UUID) -> bool:
    return asset in await uploads.looked_after([asset])


@pytest.fixture
def client(intake: Intake) -> Client:
    return Client(intake)


async def test_what_storage_has_put_together_is_found_though_nobody_was_told(client: Client, intake: Intake) -> None:
    """The API was killed between storage's answer and its own, and the notification is lost with it."""
    asset = await client.opened()
    client.put_together(asset, await client.begun(asset))
    await age(asset, 10)
    assert await intake.sweep.find() == 1
    assert await client.book.state(asset) == "uploaded"
    assert await client.leftovers.remove() == 1
    assert not await known(asset)
    assert len(intake.stored(asset)) == 1


@pytest.mark.parametrize("end", ["expired", "cancelled", "deleted"])
async def test_parts_of_an_upload_that_ended_are_removed(client: Client, intake: Intake, end: str) -> None:
    asset, other = await client.opened(), await client.opened()
    upload = await client.begun(asset)
    await client.begun(other)
    assert client.writer.begin(layout.ORIGINALS, key(asset)) != upload, "of one that was killed before it could say so"
    if end == "expired":
        await age(asset, 1000)
        await intake.sweep.find()
        assert await client.book.state(asset) == "expired"
    else:
        assert await (client.book.ledger.cancel(asset) if end == "cancelled" else client.book.ledger.remove([asset]))
    assert client.unfinished(asset) == 2
    assert await client.leftovers.remove() == 1
    assert client.unfinished(asset) == 0
    assert not await known(asset)
    assert client.writer.listed(layout.ORIGINALS, key(asset), upload) is None
    assert (client.unfinished(other), await known(other)) == (1, True)
    assert (await uploads.upload(other)) is not None
    assert (await uploads.upload(asset)) is None


async def test_a_tombstone_of_parts_goes_as_soon_as_any_other(client: Client, intake: Intake) -> None:
    """Its slot would have been good for days, but nothing can be sent to it any more."""
    asset = await client.opened(7 * 86_400)
    await client.begun(asset)
    await client.book.ledger.remove([asset])
    await client.leftovers.remove()
    await intake.sweep.erase()
    assert await client.book.state(asset) == "deleted"
    await age(asset, 3700)
    await intake.sweep.erase()
    await age(asset, 3700)
    await intake.sweep.erase()
    assert not await fetch("SELECT FROM ledger.assets WHERE id = $1", asset)


async def test_what_was_not_removed_is_looked_at_again(client: Client, intake: Intake) -> None:
    asset = await client.opened()
    await client.begun(asset)
    await client.book.ledger.cancel(asset)
    refused = Leftovers(Multiparts(intake.minio.url, *READER))
    refused._multiparts.whole = client.multiparts.whole  # type: ignore[method-assign]  # which it may not ask
    assert await refused.remove() == 0
    assert await known(asset)
    assert await client.leftovers.remove() == 0, "not before its time"
    await fetch("UPDATE ledger.uploads SET check_at = now()")
    assert await client.leftovers.remove() == 1
    assert not await known(asset)


async def test_of_two_that_begin_at_once_one_is_first(client: Client) -> None:
    asset = await client.opened()
    assert [await uploads.begin(asset, name, None) for name in ("one", "two")] == [True, False]
    assert await uploads.begin(asset, "three", "one"), "storage has thrown the first away"
    upload = await uploads.upload(asset)
    assert upload is not None
    assert upload.id == "three"
    await client.book.ledger.cancel(asset)
    assert not await uploads.begin(asset, "four", "three")
    assert not await uploads.begin_content(asset)


@pytest.mark.parametrize("state", ["init", "uploaded", "processing"])
async def test_what_is_cancelled_ends_and_its_worker_loses_the_lease(book: Book, state: str) -> None:
    claim = await book.claimed() if state == "processing" else None
    asset = claim.id if claim else await book.asset_in(state)
    assert await book.ledger.cancel(asset)
    row = await book.row(asset)
    assert (row["state"], row["error_code"], row["lease"]) == ("error", "cancelled", None)
    if claim:
        assert not await book.ledger.renew(claim, 30)
        assert not await book.finish(claim)
    assert not await book.ledger.cancel(asset)
    assert (await book.ledger.retry([asset]) == [asset]) is (state != "init")


async def test_what_was_cancelled_is_not_among_all_that_failed(book: Book) -> None:
    failed, cancelled = await book.asset_in("error"), await book.uploaded()
    await book.ledger.cancel(cancelled)
    assert (await retry(book.ledger, None, None)).by_code == {"unreadable": 1}
    assert (await book.state(failed), await book.state(cancelled)) == ("uploaded", "error")
    assert (await retry(book.ledger, None, "cancelled")).by_code == {"cancelled": 1}


@pytest.mark.parametrize("state", ["done", "error", "expired", "deleting", "deleted"])
async def test_what_has_ended_is_not_cancelled(book: Book, state: str) -> None:
    asset = await book.asset_in(state)
    assert not await book.ledger.cancel(asset)
    assert await book.state(asset) == state


async def test_bytes_of_a_cancelled_upload_are_not_taken_and_its_slot_is_free(book: Book) -> None:
    asset = await book.slot()
    await book.ledger.cancel(asset)
    assert [v.verdict for v in await book.ledger.arrive("originals", [book.bytes(asset)])] == ["foreign"]
    assert await book.state(asset) == "error"
    used = await fetch("SELECT slots, files, bytes FROM ledger.usage WHERE scope = 'project' AND id = $1", PROJECT)
    assert [tuple(row) for row in used] == [(0, 0, 0)]
