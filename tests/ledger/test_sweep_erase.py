"""Deletion on real storage: nothing is left, whatever is written meanwhile or afterwards."""

from uuid import UUID

import pytest
from minio import MinioAdmin
from minio.credentials import StaticProvider

from appliance.accounts import owners
from appliance.ledger.database import fetch
from appliance.ledger.sweep import ERASE_AHEAD, ERASE_AT_ONCE
from storage import layout, policies
from storage.signing import REGION
from tests.daemons.minio import READER, ROOT, Minio
from tests.daemons.valkey import Valkey
from tests.ledger.book import PROJECT, Book, age
from tests.ledger.intake import Intake


def _develop(intake: Intake, asset: UUID, name: str = "thumb") -> None:
    """Writes a version, as a worker does."""
    key = layout.version_key("projects", PROJECT, "images", asset, name, "ab" * 32, "jpg")
    intake.objects.put(layout.VERSIONS, key, b"a version", "image/jpeg", reduced=True)


def _left(intake: Intake, *assets: UUID) -> int:
    """Versions and delete markers in both buckets."""
    return sum(len(intake.stored(asset, bucket)) for asset in assets for bucket in (layout.ORIGINALS, layout.VERSIONS))


async def _uploaded(intake: Intake, count: int = 1) -> list[UUID]:
    assets = await intake.uploads(count)
    await intake.notified(assets)
    await intake.read()
    return assets


async def test_every_version_of_every_object_goes(intake: Intake, book: Book, minio: Minio) -> None:
    [asset] = await _uploaded(intake)
    for name in ("thumb", "d2500"):
        _develop(intake, asset, name)
    await intake.upload(asset, b"replayed")
    minio.objects(ROOT)._client.remove_object(layout.ORIGINALS, intake.stored(asset)[0].key)  # a delete marker
    assert _left(intake, asset) == 5
    await book.ledger.remove([asset])
    assert await intake.sweep.erase() == 1
    assert _left(intake, asset) == 0
    assert await book.state(asset) == "deleted"


async def test_a_form_replayed_after_deletion_leaves_nothing(intake: Intake, book: Book) -> None:
    [asset] = await _uploaded(intake)
    await book.ledger.remove([asset])
    await intake.sweep.erase()
    await intake.upload(asset)
    await intake.notified_of(intake.stored(asset))
    await intake.read()
    assert _left(intake, asset) == 0


async def test_a_form_replayed_after_deletion_leaves_nothing_though_nobody_tells(intake: Intake, book: Book) -> None:
    [asset] = await _uploaded(intake)
    await book.ledger.remove([asset])
    await intake.sweep.erase()
    await intake.upload(asset)
    intake.valkey.flushall()
    assert _left(intake, asset) == 1
    await age(asset, 21)
    await intake.sweep.erase()
    assert _left(intake, asset) == 0


async def test_what_a_worker_writes_after_the_deletion_is_swept(intake: Intake, book: Book) -> None:
    [asset] = await _uploaded(intake)
    claim = await book.ledger.claim(asset, 30)
    assert claim is not None
    await book.ledger.remove([asset])
    await intake.sweep.erase()
    _develop(intake, asset)
    assert not await book.finish(claim)
    assert await book.state(asset) == "deleted"
    await age(asset, 21)
    await intake.sweep.erase()
    assert _left(intake, asset) == 0


async def test_the_tombstone_goes_when_nothing_can_be_written_any_more(intake: Intake, book: Book) -> None:
    [asset] = await _uploaded(intake)
    await book.ledger.remove([asset])
    await intake.sweep.erase()
    await age(asset, 900 + 3600)
    await intake.sweep.erase()
    assert await fetch("SELECT FROM ledger.assets") == []
    assert [event["type"] for event in await book.events()][-2:] == ["deleted", "erased"]


def _locked(minio: Minio, owner: str) -> tuple[str, str]:
    """A key with the rights of a worker, but that it may delete nothing of one owner."""
    deny = {"Effect": "Deny", "Action": policies.DELETE, "Resource": [f"arn:aws:s3:::*/projects/{owner}/*"]}
    document = {**policies.WORKER, "Statement": [*policies.WORKER["Statement"], deny]}
    admin = MinioAdmin(
        endpoint=f"127.0.0.1:{minio.port}", credentials=StaticProvider(*ROOT), region=REGION, secure=False
    )
    admin.policy_add(policy_name="locked", policy=document)
    admin.user_add(access_key="lockedkey", secret_key="a-locked-secret-of-tests")
    admin.policy_set(policy_name="locked", user="lockedkey")
    return "lockedkey", "a-locked-secret-of-tests"


async def test_one_that_cannot_be_erased_holds_up_no_other(
    intake: Intake, book: Book, minio: Minio, valkey: Valkey
) -> None:
    [good] = await _uploaded(intake)
    await owners.PROJECTS.create("locked", "222")
    bad = await book.slot("222")
    key = layout.version_key("projects", "222", "images", bad, "thumb", "ab" * 32, "jpg")
    intake.objects.put(layout.VERSIONS, key, b"a version", "image/jpeg")
    await book.ledger.remove([bad, good])
    await Intake(book, valkey, minio, _locked(minio, "222")).sweep.erase()
    assert await book.state(good) == "deleted"
    assert await book.state(bad) == "deleting"
    await age(bad, 11)
    await intake.sweep.erase()
    assert await book.state(bad) == "deleted"


async def test_nothing_is_buried_that_storage_did_not_erase(
    intake: Intake, book: Book, minio: Minio, valkey: Valkey
) -> None:
    """With a key that may not delete, and while storage is away."""
    [asset] = await _uploaded(intake)
    await book.ledger.remove([asset])
    await Intake(book, valkey, minio, READER).sweep.erase()
    assert await book.state(asset) == "deleting"
    await age(asset, 11)
    minio.daemon.kill()
    try:
        await intake.sweep.erase()
    finally:
        minio.daemon.start()
    assert await book.state(asset) == "deleting"
    await age(asset, 11)
    await intake.sweep.erase()
    assert await book.state(asset) == "deleted"


async def test_nothing_is_buried_by_the_word_of_a_storage_that_degrades_meanwhile(
    intake: Intake, book: Book, minio: Minio, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It lists nothing of what it holds, as a degraded one may, and is found to be so just after."""
    [asset] = await _uploaded(intake)
    await book.ledger.remove([asset])
    answers = iter([True, False])
    with monkeypatch.context() as degraded:
        degraded.setattr(intake.objects, "whole", lambda: next(answers))
        degraded.setattr(intake.objects, "purge", lambda bucket, prefix: 0)
        await intake.sweep.erase()
    assert await book.state(asset) == "deleting"
    await age(asset, 11)
    await intake.sweep.erase()
    assert await book.state(asset) == "deleted"
    assert not intake.stored(asset)


async def test_a_deleted_project_goes_with_all_its_bytes(intake: Intake, book: Book) -> None:
    assets = await _uploaded(intake, 7)
    _develop(intake, assets[0])
    await owners.PROJECTS.delete(PROJECT)
    await intake.sweep.erase_owners()
    await intake.sweep.erase()
    await intake.sweep.erase_owners()
    assert _left(intake, *assets) == 0
    assert await fetch("SELECT FROM projects") == []


async def test_deletions_of_more_than_one_round_wait_for_no_pause(intake: Intake, book: Book) -> None:
    assets = [await book.slot() for _ in range(2 * ERASE_AT_ONCE + 1)]
    await book.ledger.remove(assets)
    assert await intake.sweep.erase() == len(assets)
    assert await fetch("SELECT FROM ledger.assets WHERE state = 'deleting'") == []


async def test_a_large_project_leaves_room_for_the_deletions_of_others(intake: Intake, book: Book) -> None:
    """And of two projects neither waits for the end of the other."""
    await owners.PROJECTS.create("small", "222")
    for owner, count in ((PROJECT, ERASE_AHEAD + 100), ("222", 3)):
        await fetch(
            "INSERT INTO ledger.assets (stream, root, owner, folder, kind, lane, recipe, filename, expires_at) "
            "SELECT $1, 'projects', $2, 'images', 'image', 'images', 'photo', '', now() FROM generate_series(1, $3)",
            *(await book.stream(owner), owner, count),
        )
        await owners.PROJECTS.delete(owner)
    await intake.sweep.erase_owners()
    leaving = "SELECT owner, count(*) AS n FROM ledger.assets WHERE state = 'deleting' GROUP BY owner"
    first = {row["owner"]: row["n"] for row in await fetch(leaving)}
    assert first["222"] == 3
    assert ERASE_AHEAD / 2 <= first[PROJECT] < ERASE_AHEAD
    for _ in range(3):
        await intake.sweep.erase_owners()
    assert sum(row["n"] for row in await fetch(leaving)) == ERASE_AHEAD
    for _ in range(3):
        await intake.sweep.erase()
        await intake.sweep.erase_owners()
    assert await fetch("SELECT FROM projects") == []
