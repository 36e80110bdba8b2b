"""Bytes that several assets share: who gets them, and that they go with the last of these, and not before."""

from uuid import UUID

import pytest

from appliance.accounts import owners
from appliance.ledger.database import fetch
from appliance.ledger.failures import DAMAGED, VERSION_DAMAGED
from appliance.ledger.service import Announced
from storage import layout
from tests.ledger.book import PROJECT, VERSION, Book, age
from tests.ledger.intake import Intake

SHA256, BODY = "cd" * 32, b"a photo"


async def opened(book: Book, size: int = len(BODY), sha256: str = SHA256, owner: str = PROJECT) -> UUID:
    kind = ("images", "image", "images", "photo")
    said = Announced(size, sha256)
    slot = await book.ledger.open_slot("projects", owner, *kind, "again.jpg", 900, announced=said)
    assert slot is not None
    return slot.id


async def processed(book: Book, asset: UUID) -> None:
    claim = await book.ledger.claim(asset, 30)
    assert claim is not None
    assert await book.ledger.finish(claim, SHA256, {"format": "JPEG"}, [VERSION], "recipe")


@pytest.fixture
async def first(intake: Intake) -> UUID:
    """An asset that is done, with its bytes in storage."""
    (asset,) = await intake.uploads(1)
    await age(asset, 10)
    await intake.sweep.find()
    await processed(intake.book, asset)
    return asset


@pytest.fixture
async def second(intake: Intake, first: UUID) -> UUID:
    """One that has the same bytes."""
    asset = await opened(intake.book)
    assert await intake.book.ledger.adopt(asset)
    return asset


async def erased(intake: Intake, *assets: UUID) -> None:
    assert len(await intake.book.ledger.remove(assets)) == len(assets)
    await intake.sweep.erase()
    assert [await intake.book.state(asset) for asset in assets] == ["deleted"] * len(assets)


async def usage() -> tuple[int, int, int]:
    (row,) = await fetch("SELECT slots, files, bytes FROM ledger.usage WHERE scope = 'project' AND id = $1", PROJECT)
    return row["slots"], row["files"], row["bytes"]


async def test_the_new_asset_is_processed_from_the_same_bytes_and_counts_by_itself(
    intake: Intake, first: UUID, second: UUID
) -> None:
    book = intake.book
    assert await book.state(second) == "uploaded"
    assert await usage() == (0, 2, 2 * len(BODY))
    claims = [await book.ledger.claim(second, 30)]
    assert claims[0] is not None
    assert claims[0].key == layout.original_key("projects", PROJECT, "images", first)
    assert [event["state"] for event in await book.events() if event["asset"] == second] == [
        *("init", "uploaded", "processing")
    ]
    assert not await fetch("SELECT * FROM ledger.miscounted(10)")
    assert not await book.ledger.adopt(second), "it takes bytes once"


async def test_only_the_same_bytes_of_the_same_owner_that_we_have_read(book: Book) -> None:
    await owners.PROJECTS.create("others", "222")
    claim = await book.claimed()
    size = claim.size
    assert not await book.ledger.adopt(await opened(book, size)), "it was not read yet"
    await book.finish(claim)
    assert not await book.ledger.adopt(await opened(book, size, owner="222"))
    assert not await book.ledger.adopt(await opened(book, size + 1))
    assert not await book.ledger.adopt(await opened(book, size, "ab" * 32))
    assert not await book.ledger.adopt(await book.slot())
    asset = await opened(book, size)
    assert await book.ledger.adopt(asset)
    await book.ledger.remove([claim.id])
    assert not await book.ledger.adopt(await opened(book, size)), "the only one that is done is being deleted"
    await processed(book, asset)
    assert await book.ledger.adopt(await opened(book, size))


async def test_bytes_stay_while_anybody_needs_them_and_go_with_the_last(
    intake: Intake, first: UUID, second: UUID
) -> None:
    await intake.upload(first, b"a replay")  # of the form
    pinned = (await fetch("SELECT key, version_id FROM ledger.blobs"))[0]
    await erased(intake, first)
    assert [stat.version_id for stat in intake.stored(first)] == [pinned["version_id"]]
    # A notification that was held up tells of the bytes once more, of an asset that is no more.
    again = intake.book.bytes(first, pinned["version_id"])
    assert [v.verdict for v in await intake.book.ledger.arrive("originals", [again])] == ["known"]
    await age(first, 10_000)
    await intake.sweep.erase()
    assert len(intake.stored(first)) == 1, "the tombstone's look leaves it as well"
    await erased(intake, second)
    assert intake.stored(first) == []
    assert not await fetch("SELECT FROM ledger.blobs")
    assert [v.verdict for v in await intake.book.ledger.arrive("originals", [again])] != ["known"]
    assert await usage() == (0, 0, 0)


async def test_the_later_one_goes_and_the_first_keeps_its_bytes(intake: Intake, first: UUID, second: UUID) -> None:
    await erased(intake, second)
    assert len(intake.stored(first)) == 1
    await erased(intake, first)
    assert intake.stored(first) == []


async def test_both_may_go_at_once(intake: Intake, first: UUID, second: UUID) -> None:
    await erased(intake, first, second)
    assert intake.stored(first) == []
    assert not await fetch("SELECT FROM ledger.blobs")


async def test_what_is_wrong_with_the_bytes_is_said_by_all_that_share_them(
    intake: Intake, first: UUID, second: UUID
) -> None:
    await processed(intake.book, second)
    assert await intake.book.ledger.miss([second], VERSION_DAMAGED) == [second]
    assert await intake.book.state(first) == "done"
    assert set(await intake.book.ledger.miss([first], DAMAGED)) == {first, second}
