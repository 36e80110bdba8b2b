"""Verifying finds what is wrong, each way, and nothing else."""

from hashlib import sha256
from uuid import UUID, uuid4

import pytest

from appliance.ledger.database import fetch
from appliance.upkeep.differences import Difference, Kind
from storage import layout
from tests.ledger.book import FAILURE, PROJECT
from tests.upkeep.house import House, day

HOUR = 3600.0


def kinds(house: House) -> list[str]:
    return sorted(one.kind for one in house.found)


async def test_a_house_in_order_is_clean_in_every_state(house: House) -> None:
    await house.slot()
    await house.uploaded()
    await house.done()
    failed = await house.uploaded(b"no photo")
    claim = await house.ledger.claim(failed, 30)
    assert claim is not None
    await house.ledger.fail(claim, FAILURE)
    report = await house.verify(deep=True)
    assert report.clean, house.found
    assert (report.object_versions, report.references) == (5, 5)
    assert report.bytes_read == sum(
        stat.size for bucket in (layout.ORIGINALS, layout.VERSIONS) for stat in house.objects(bucket)
    )


async def test_owners_of_any_name_are_merged_in_the_order_of_bytes(house: House) -> None:
    """`a-b` comes before `a/…` in storage, and after `a` where names alone are sorted; capitals come first."""
    for root in ("projects", "users", "chats"):
        for owner in ("a", "a-b", "a.b", "a~b", "a_b", "ab", "A", "B", "a1", "Z9", "z"):
            for days_ago in (0, 1):
                await house.done(owner=owner, root=root, days_ago=days_ago, names=("thumb", "thumb2", "big"))
    report = await house.verify()
    assert report.clean, house.found
    assert report.object_versions == report.references == 3 * 11 * 2 * 4
    assert (await house.verify_days(0, 1)).object_versions == report.object_versions


async def test_every_object_version_that_nothing_refers_to_is_unexplained(house: House) -> None:
    asset = await house.done()
    key = layout.original_key("projects", PROJECT, "images", asset)
    house.put_original(asset, b"a replayed form")
    house.root._client.remove_object(layout.ORIGINALS, key)  # leaves a delete marker
    house.put_version(asset, "thumb", b"of a worker that lost its lease")
    house.root.put(layout.ORIGINALS, "no/key/of/ours", b"?", "text/plain")
    house.root.put(layout.VERSIONS, f"{key}/thumb.nonsense", b"?", "text/plain")
    house.root.put(layout.VERSIONS, key.replace(PROJECT, "999") + "/thumb.ababababab12.jpg", b"?", "text/plain")
    report = await house.verify()
    assert (report.unexplained, report.missing, report.damaged) == (6, 0, 0), house.found
    assert report.object_versions == 3 + 6
    assert kinds(house) == [*[Kind.LEFT_OVER] * 4, Kind.UNEXPLAINED, Kind.UNEXPLAINED]


async def test_what_is_younger_than_the_grace_time_needs_no_explanation(house: House) -> None:
    house.root.put(layout.ORIGINALS, "no/key/of/ours", b"?", "text/plain")
    report = await house.verify(grace=HOUR)
    assert report.clean
    assert report.young == 1


async def test_what_the_ledger_refers_to_and_is_gone_is_missing(house: House) -> None:
    first, second = await house.done(), await house.done()
    [original] = [stat for stat in house.objects(layout.ORIGINALS) if str(first) in stat.key]
    house.root.delete_version(layout.ORIGINALS, original.key, original.version_id)
    house.root.delete_version(layout.VERSIONS, house.versions_of(second)[0].key, "")
    report = await house.verify(grace=HOUR)
    assert (report.unexplained, report.missing) == (0, 2)
    assert {one.reference.asset for one in house.found if one.reference} == {first, second}


async def test_another_version_in_its_place_does_not_explain_the_pinned_one(house: House) -> None:
    """Object versions are counted, not names."""
    asset = await house.done()
    [pinned] = house.objects(layout.ORIGINALS)
    house.put_original(asset, b"a photo")
    house.root.delete_version(layout.ORIGINALS, pinned.key, pinned.version_id)
    report = await house.verify()
    assert (report.unexplained, report.missing) == (1, 1)


async def test_a_shared_original_is_one_object_version(house: House) -> None:
    asset, other = await house.done(), await house.done(owner="222")
    [stat] = [stat for stat in house.objects(layout.ORIGINALS) if str(other) in stat.key]
    await fetch(
        "UPDATE ledger.assets a SET blob = b.blob FROM ledger.assets b WHERE a.id = $1 AND b.id = $2", other, asset
    )
    report = await house.verify()
    assert [(one.kind, one.key) for one in house.found] == [(Kind.LEFT_OVER, stat.key)]
    assert report.missing == 0


async def test_what_is_being_removed_is_explained(house: House) -> None:
    asset, buried = await house.done(), await house.done()
    await house.ledger.remove([asset, buried])
    await house.ledger.bury(buried)
    assert (await house.verify()).clean, house.found


async def test_what_a_worker_writes_at_this_moment_is_explained(house: House) -> None:
    asset = await house.uploaded()
    await house.ledger.claim(asset, 30)
    house.put_version(asset, "thumb", b"fresh")
    assert (await house.verify()).clean, house.found


async def test_an_upload_is_explained_while_the_sweep_looks_for_it_and_late_afterwards(house: House) -> None:
    asset = await house.slot()
    house.put_original(asset, b"sent at the last moment")
    await house.ledger.expire([asset])
    assert (await house.verify()).clean, house.found
    await fetch("UPDATE ledger.assets SET check_at = NULL WHERE id = $1", asset)
    report = await house.verify()
    assert kinds(house) == [Kind.LATE]
    assert report.unexplained == 1


async def test_one_flipped_bit_is_found_by_reading_and_only_so(house: House) -> None:
    asset = await house.done()
    stat = house.versions_of(asset)[0]
    data = bytearray(house.worker.get(layout.VERSIONS, stat.key))
    data[3] ^= 1
    house.worker.put(layout.VERSIONS, stat.key, data, "image/jpeg")
    assert (await house.verify()).clean
    report = await house.verify(deep=True)
    assert [(one.kind, one.key) for one in house.found] == [(Kind.DAMAGED, stat.key)]
    assert (report.damaged, report.missing, report.unexplained) == (1, 0, 0)


async def test_another_size_is_found_without_reading(house: House) -> None:
    asset = await house.done()
    stat = house.versions_of(asset)[0]
    house.worker.put(layout.VERSIONS, stat.key, b"shorter", "image/jpeg")
    assert (await house.verify()).damaged == 1


async def test_an_original_rotten_beyond_repair_is_damaged(house: House) -> None:
    body = bytes(range(256)) * 4096
    asset = await house.done(body)
    for drive in house.minio.drives[:3]:
        [part] = drive.glob(f"originals/**/{asset}/*/part.1")
        data = bytearray(part.read_bytes())
        data[len(data) // 2] ^= 1
        part.write_bytes(data)
    await house.verify(deep=True)
    assert [(one.kind, one.bucket) for one in house.found] == [(Kind.DAMAGED, layout.ORIGINALS)]


async def test_other_bytes_in_place_of_the_original_of_a_failed_photo_are_found(house: House) -> None:
    body = bytes(range(256)) * 4096
    failed, waiting = await house.uploaded(body), await house.uploaded(body)
    claim = await house.ledger.claim(failed, 30)
    assert claim is not None
    await house.ledger.fail(claim, FAILURE, sha256(body).hexdigest())
    report = await house.verify(deep=True)
    assert report.clean, house.found
    assert report.without_sha256 == 1, "nobody has read the one that waits"
    for asset in (failed, waiting):
        await changed(house, asset, body[::-1])
    report = await house.verify(deep=True)
    assert [(one.kind, str(failed) in one.key) for one in house.found] == [(Kind.DAMAGED, True)]


async def changed(house: House, asset: UUID, body: bytes) -> None:
    """Puts other bytes of the same size where the pinned ones are said to be."""
    stat = house.put_original(asset, body)
    await fetch(
        "UPDATE ledger.blobs SET version_id = $2 FROM ledger.assets a WHERE a.id = $1 AND blobs.id = a.blob",
        asset,
        stat.version_id,
    )
    for old in house.objects(layout.ORIGINALS):
        if old.key == stat.key and old.version_id != stat.version_id:
            house.root.delete_version(layout.ORIGINALS, old.key, old.version_id)


async def test_large_objects_are_read_in_pieces(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.inspection.CHUNK", 100_000)
    await house.done(bytes(range(256)) * 1500)
    assert (await house.verify(deep=True)).clean, house.found


async def test_a_difference_that_is_none_any_more_does_not_count(house: House) -> None:
    """Both sides are read again: the object has gone, or come; the row has come, or gone."""
    from appliance.upkeep.confirm import confirmed

    asset, gone = await house.done(), await house.done()
    kept, going = house.versions_of(asset)[0], house.versions_of(gone)[0]
    references = [one async for one in _references()]
    unexplained = [Difference(Kind.UNEXPLAINED, layout.VERSIONS, stat.key, "", stat) for stat in (kept, going)]
    missing = [Difference(Kind.MISSING, one.bucket, one.key, one.version_id, None, one) for one in references]
    await house.ledger.remove([gone])
    house.root.delete_version(layout.VERSIONS, going.key, "")
    strange = Difference(Kind.UNEXPLAINED, layout.ORIGINALS, "not/there/any/more", str(uuid4()))
    assert len(missing) == 4 + 2
    assert await confirmed(house.worker, [*unexplained, *missing, strange]) == []


async def _references():  # type: ignore[no-untyped-def]
    from appliance.upkeep import references

    async for one in references.all_versions():
        yield one
    async for one in references.originals():
        yield one


async def test_a_day_is_verified_by_itself(house: House) -> None:
    await house.done(days_ago=3)
    old = await house.done(days_ago=2)
    house.put_original(old, b"strange")
    house.root.delete_version(layout.VERSIONS, house.versions_of(old)[0].key, "")
    assert (await house.verify_days(3)).clean
    report = await house.verify_days(2)
    assert (report.unexplained, report.missing, report.object_versions) == (1, 1, 3)


async def test_the_folder_of_an_owner_nobody_knows_is_looked_into(house: House) -> None:
    asset = await house.done()
    key = layout.original_key("users", "nobody", "images", asset)
    house.root.put(layout.ORIGINALS, key, b"?", "image/jpeg")
    report = await house.verify_days(0)
    assert [one.key for one in house.found] == [key]
    assert day(0).strftime("%Y%m%d") in key
    assert report.object_versions == 4
