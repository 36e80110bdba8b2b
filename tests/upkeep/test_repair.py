"""Repairing mends what verifying confirmed, no more than was allowed, and nothing while storage is not whole."""

import asyncio
import hashlib
import shutil
from uuid import UUID

import pytest

from appliance.ledger.database import fetch
from appliance.renders import orders
from appliance.upkeep import references
from appliance.upkeep.confirm import Degraded, confirmed, surely_whole
from appliance.upkeep.differences import Difference, Kind
from appliance.upkeep.repair import Repair
from storage import layout
from storage.admin import Admin
from storage.objects import StorageError
from tests.daemons.minio import ROOT
from tests.ledger.book import FAILURE
from tests.ledger.intake import until
from tests.upkeep.house import House


def repair(house: House, act: bool = True, limit: int = 1000) -> Repair:
    async def sound() -> None:
        await surely_whole(house.worker)
        if problems := (await asyncio.to_thread(Admin(house.minio.url, *ROOT).cluster)).problems:
            raise Degraded("; ".join(problems))

    return Repair(house.ledger, house.worker, sound, limit, act)


async def plant(house: House, count: int = 3) -> UUID:
    """An asset in order, and object versions that nothing refers to: a version, a delete marker and others."""
    asset = await house.done()
    house.put_version(asset, "thumb", b"another")
    house.root._client.remove_object(layout.ORIGINALS, layout.original_key("projects", "111", "images", asset))
    for number in range(count - 2):
        house.put_original(asset, b"replayed %d" % number)
    return asset


async def test_without_yes_nothing_is_done(house: House) -> None:
    await plant(house)
    before = house.objects(layout.ORIGINALS) + house.objects(layout.VERSIONS)
    mender = repair(house, act=False)
    report = await house.verify(take=mender.take)
    assert report.unexplained == mender.done["deleted"] == 3
    assert house.objects(layout.ORIGINALS) + house.objects(layout.VERSIONS) == before


async def test_what_is_unexplained_goes_and_nothing_else(house: House) -> None:
    asset = await plant(house)
    await house.verify(take=repair(house).take)
    report = await house.verify(deep=True)
    assert report.clean, house.found
    assert report.object_versions == 3
    assert await house.book.state(asset) == "done"


async def test_no_more_than_the_limit_is_deleted(house: House) -> None:
    await plant(house)
    mender = repair(house, limit=2)
    await house.verify(take=mender.take)
    assert mender.done["deleted"] == 2
    assert "more than 2 changes" in mender.refused
    assert (await house.verify()).unexplained == 1


async def test_what_misses_an_object_version_ends_as_an_error_that_can_be_tried_again(house: House) -> None:
    asset = await house.done()
    for stat in house.versions_of(asset):
        house.root.delete_version(layout.VERSIONS, stat.key, "")
    mender = repair(house)
    assert (await house.verify(take=mender.take)).missing == 2
    assert mender.done["called_missing"] == 1
    row = await house.book.row(asset)
    assert (row["state"], row["error_code"], row["error_fixer"]) == ("error", "object_missing", "operator")
    assert (await house.book.events())[-1]["state"] == "error"
    assert (await house.verify()).clean, house.found
    assert await house.ledger.retry([asset]) == [asset]


async def test_a_failed_upload_whose_original_is_gone_says_so(house: House) -> None:
    asset = await house.uploaded()
    claim = await house.ledger.claim(asset, 30)
    assert claim is not None
    await house.ledger.fail(claim, FAILURE)
    house.root.delete_version(layout.ORIGINALS, claim.key, claim.version_id)
    await house.verify(take=repair(house).take)
    assert (await house.book.row(asset))["error_code"] == "object_missing"
    assert (await house.verify()).clean


def rot(house: House, bucket: str, asset: UUID, name: str = "") -> None:
    """Flips a bit on so many drives that nobody can tell what was there, as bad blocks do."""
    for drive in house.minio.drives[:3]:
        for part in drive.glob(f"{bucket}/**/{asset}/{name}*/**/part.1"):
            data = bytearray(part.read_bytes())
            data[len(data) // 2] ^= 1
            part.write_bytes(data)


BODY = bytes(range(256)) * 4096


async def test_one_of_which_a_version_is_damaged_says_so_and_can_be_tried_again(house: House) -> None:
    asset, other = await house.done(BODY), await house.done(BODY)
    rot(house, layout.VERSIONS, asset, "thumb")
    mender = repair(house)
    assert (await house.verify(deep=True, take=mender.take)).damaged == 1
    assert mender.done["called_damaged"] == 1
    row = await house.book.row(asset)
    assert (row["state"], row["error_code"], row["error_fixer"]) == ("error", "version_damaged", "operator")
    assert [event["asset"] for event in await house.book.events() if event["state"] == "error"] == [asset]
    assert await house.book.state(other) == "done"
    assert await house.ledger.retry([asset]) == [asset]
    claim = await house.ledger.claim(asset, 30)
    assert claim is not None
    rows = [house.put_version(asset, name, name.encode() + BODY) for name in ("thumb", "big")]
    assert await house.ledger.finish(claim, hashlib.sha256(BODY).hexdigest(), {}, rows, "recipe")
    assert (await house.verify(deep=True)).clean, house.found


@pytest.mark.parametrize("with_version", [False, True])
async def test_one_whose_original_is_damaged_says_so(house: House, with_version: bool) -> None:
    asset = await house.done(BODY)
    rot(house, layout.ORIGINALS, asset)
    if with_version:
        rot(house, layout.VERSIONS, asset, "thumb")
    await house.verify(deep=True, take=repair(house).take)
    row = await house.book.row(asset)
    assert (row["state"], row["error_code"], row["error_fixer"]) == ("error", "object_damaged", "operator")
    assert (await house.verify(deep=True)).clean, "it is said already"


async def test_damage_is_only_counted_without_yes(house: House) -> None:
    asset = await house.done(BODY)
    rot(house, layout.VERSIONS, asset, "thumb")
    mender = repair(house, act=False)
    await house.verify(deep=True, take=mender.take)
    assert mender.done["called_damaged"] == 1
    assert await house.book.state(asset) == "done"


async def test_a_version_that_is_made_again_meanwhile_is_not_deleted(house: House) -> None:
    """It was left over and confirmed; a retry writes the same bytes under the same key before its turn has come."""
    asset = await house.uploaded()
    await _failed(house, asset)
    left = house.put_version(asset, "thumb", b"of a first attempt")
    house.put_version(asset, "big", b"of a first attempt too")

    async def made_again() -> None:
        await house.ledger.retry([asset])
        claim = await house.ledger.claim(asset, 30)
        assert claim is not None
        await asyncio.sleep(1.1)  # the server tells the time of an object in whole seconds
        house.put_version(asset, "thumb", b"of a first attempt")
        assert await house.ledger.finish(claim, "ab" * 32, {}, [left], "recipe")

    mender = repair(house)
    mender.sound = made_again
    await house.verify(take=mender.take)
    assert [stat.key.rsplit("/", 1)[1].split(".")[0] for stat in house.versions_of(asset)] == ["thumb"]
    assert mender.done["deleted"] == 1
    assert (await house.verify()).clean, house.found


async def _failed(house: House, asset: UUID) -> None:
    claim = await house.ledger.claim(asset, 30)
    assert claim is not None
    await house.ledger.fail(claim, FAILURE)


async def test_a_late_upload_is_taken_in(house: House) -> None:
    asset = await house.slot()
    first = house.put_original(asset, b"a photo")
    house.put_original(asset, b"and its replay")
    await house.ledger.expire([asset])
    await fetch("UPDATE ledger.assets SET check_at = NULL WHERE id = $1", asset)
    await house.verify(take=repair(house).take)
    assert await house.book.state(asset) == "uploaded"
    await house.verify()
    assert [one.kind for one in house.found] == [Kind.LEFT_OVER]
    assert house.found[0].version_id != first.version_id


async def test_one_drive_away_and_nothing_is_deleted(house: House) -> None:
    """Storage still reads and writes, and calls itself healthy; but it is not what it was."""
    asset = await plant(house)
    missing = await house.done()
    house.root.delete_version(layout.VERSIONS, house.versions_of(missing)[0].key, "")
    before = house.objects(layout.ORIGINALS) + house.objects(layout.VERSIONS)
    drive = house.minio.drives[3]
    away = drive.rename(drive.with_name("away"))
    try:
        await _noticed(house)
        mender = repair(house)
        report = await house.verify(take=mender.take)
    finally:
        shutil.rmtree(drive, ignore_errors=True)  # what storage began to write where its drive had been
        away.rename(drive)
    await _noticed(house, problems=False)
    assert report.unexplained == 3
    assert "drive" in mender.refused
    assert not mender.done.total()
    assert house.objects(layout.ORIGINALS) + house.objects(layout.VERSIONS) == before
    assert await house.book.state(missing) == await house.book.state(asset) == "done"


@pytest.mark.parametrize("lost", [2, 3])
async def test_without_write_quorum_nothing_is_said_to_be_missing(
    house: House, lost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With more drives gone than parity, storage says 404 of objects that exist."""
    monkeypatch.setattr("appliance.upkeep.confirm.NOTICED_SECONDS", 2.5)
    assets = [await house.done() for _ in range(3)]
    house.root.delete_version(layout.VERSIONS, house.versions_of(assets[0])[0].key, "")
    house.put_version(assets[1], "thumb", b"nobody's")
    away = [drive.rename(drive.with_name(f"away-{drive.name}")) for drive in house.minio.drives[:lost]]
    mender = repair(house)
    try:
        with pytest.raises((Degraded, StorageError)):
            await house.verify(take=mender.take)
    finally:
        for drive in away:
            home = drive.with_name(drive.name.removeprefix("away-"))
            shutil.rmtree(home, ignore_errors=True)
            drive.rename(home)
    await _noticed(house, problems=False)
    assert not mender.done.total()
    assert [await house.book.state(asset) for asset in assets] == ["done"] * 3
    report = await house.verify(deep=True)
    assert (report.missing, report.unexplained, report.damaged) == (1, 1, 0)


async def _noticed(house: House, problems: bool = True, seconds: float = 60) -> None:
    """Waits until the server has seen that a drive went, or that all came back."""
    for _ in range(int(seconds * 5)):
        told = (await asyncio.to_thread(Admin(house.minio.url, *ROOT).cluster)).problems
        if bool(told) == problems and (problems or house.worker.healthy()):
            return
        await asyncio.sleep(0.2)
    raise AssertionError(told)


async def test_a_404_of_a_storage_without_write_quorum_does_not_count(house: House) -> None:
    """Originals can still be read, so the answer comes; but it is not to be trusted."""
    await house.uploaded()
    [stat] = house.objects(layout.ORIGINALS)
    house.root.delete_version(layout.ORIGINALS, stat.key, stat.version_id)
    [reference] = [one async for one in references.originals()]
    missing = Difference(Kind.MISSING, layout.ORIGINALS, stat.key, stat.version_id, None, reference)
    assert len(await confirmed(house.worker, [missing])) == 1

    async def degraded() -> bool:
        return not await asyncio.to_thread(house.worker.whole)

    away = [drive.rename(drive.with_name(f"away-{drive.name}")) for drive in house.minio.drives[:2]]
    try:
        await until(degraded)
        with pytest.raises(Degraded):
            await confirmed(house.worker, [missing])
    finally:
        for drive in away:
            home = drive.with_name(drive.name.removeprefix("away-"))
            shutil.rmtree(home, ignore_errors=True)
            drive.rename(home)
    await _noticed(house, problems=False)


@pytest.mark.parametrize("missing", [True, False])
@pytest.mark.parametrize("act", [True, False])
async def test_what_was_made_on_request_is_forgotten_and_its_asset_lacks_nothing(
    house: House, missing: bool, act: bool
) -> None:
    asset = await house.done(BODY)
    await house.ordered(asset, "p2", BODY)
    assert (await house.verify()).clean
    if missing:
        [stat] = [stat for stat in house.versions_of(asset) if "p2_thumb" in stat.key]
        house.root.delete_version(layout.VERSIONS, stat.key, "")
    else:
        rot(house, layout.VERSIONS, asset, "p2_thumb")
    mender = repair(house, act=act)
    await house.verify(deep=True, take=mender.take)
    assert mender.done["forgotten"] == 1
    assert await house.book.state(asset) == "done"
    assert len(await orders.made(asset, "p2")) == (0 if act else 2)
    if act:
        await house.verify(take=repair(house).take)  # what is left of it
        assert (await house.verify(deep=True)).clean, house.found
        assert (await orders.place(asset, "p2", None, 10)).verdict == "new"
