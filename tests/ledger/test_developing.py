"""How a job ends when something other than the photo goes wrong: put off, tried again, never left with its lease."""

import asyncio
import hashlib
import io
import os
import random
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from PIL import Image
from structlog.testing import capture_logs

from appliance.config import Config
from appliance.files.jobs import Developer
from appliance.ledger.database import fetch
from processors.results import Developed
from processors.sandbox.sandbox import Sandbox
from storage.objects import Objects
from storage.setup import Key
from tests.daemons.minio import UPLOADER, WORKER, Minio
from tests.daemons.postgres import Postgres
from tests.ledger.book import Book, age
from tests.ledger.intake import Intake, until

CONFIG = Config(data=Path("/nonexistent"))


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as made:
        yield made


@pytest.fixture
async def photo(intake: Intake) -> UUID:
    """A real photo, uploaded and waiting."""
    drawn = io.BytesIO()
    Image.new("RGB", (300, 200), "orange").save(drawn, "JPEG")
    return await _come(intake, drawn.getvalue())


def _developer(book: Book, minio: Minio, sandbox: Sandbox, config: Config = CONFIG, key: Key = WORKER) -> Developer:
    return Developer(book.ledger, minio.objects(key), sandbox, config, "images")


def _noise(side: int) -> bytes:
    """A JPEG too large for storage to keep it beside its metadata."""
    drawn = io.BytesIO()
    Image.frombytes("RGB", (side, side), random.Random(1).randbytes(3 * side * side)).save(drawn, "JPEG", quality=95)
    return drawn.getvalue()


async def _come(intake: Intake, body: bytes) -> UUID:
    """A file that was uploaded and waits."""
    asset = await intake.book.slot()
    await intake.upload(asset, body)
    await intake.notified([asset])
    await intake.read()
    return asset


async def _open(book: Book, asset: UUID) -> tuple[str, int, bool]:
    """Its state, the tries it has left, and whether somebody may claim it in a second."""
    sql = (
        "SELECT state::text, tries, lease_until <= now() + interval '1 second' AS free FROM ledger.assets WHERE id = $1"
    )
    [row] = await fetch(sql, asset)
    return row["state"], row["tries"], row["free"]


async def test_a_photo_is_developed(book: Book, minio: Minio, sandbox: Sandbox, photo: UUID) -> None:
    await _developer(book, minio, sandbox).develop(photo)
    assert await book.state(photo) == "done"
    assert len(await fetch("SELECT FROM ledger.versions WHERE asset = $1", photo)) == 4


async def test_the_digest_of_the_original_is_taken_from_its_bytes(book: Book, minio: Minio, intake: Intake) -> None:
    """And not from a sandbox that a hostile file may have taken over: what it said would pass for the truth later."""
    body = _noise(64)
    asset = await _come(intake, body)
    async with Sandbox() as sandbox:
        honest = sandbox.develop

        async def lying(source: bytes, timeout: float, **more: Any) -> Developed:  # noqa: ASYNC109
            developed = await honest(source, timeout, **more)
            object.__setattr__(developed.source, "sha256", "0" * 64)
            return developed

        sandbox.develop = lying  # type: ignore[assignment,method-assign]
        await _developer(book, minio, sandbox).develop(asset)
    [row] = await fetch(
        "SELECT b.sha256, v.source_sha256 FROM ledger.assets a JOIN ledger.blobs b ON b.id = a.blob"
        " JOIN ledger.versions v ON v.asset = a.id WHERE a.id = $1 AND v.name = 'thumb'",
        asset,
    )
    assert row["sha256"] == row["source_sha256"] == hashlib.sha256(body).hexdigest()


async def test_a_storage_that_refuses_is_not_the_photos_fault(
    book: Book, minio: Minio, sandbox: Sandbox, photo: UUID
) -> None:
    await _developer(book, minio, sandbox, key=UPLOADER).develop(photo)
    assert await _open(book, photo) == ("processing", 3, False)


async def test_a_storage_that_is_away_is_not_the_photos_fault(
    book: Book, minio: Minio, sandbox: Sandbox, photo: UUID
) -> None:
    minio.daemon.kill()
    try:
        await _developer(book, minio, sandbox).develop(photo)
    finally:
        minio.daemon.start()
    state, tries, _ = await _open(book, photo)
    assert (state, tries) == ("processing", 3)


async def test_the_longer_storage_is_away_the_less_often_it_is_asked(
    book: Book, minio: Minio, sandbox: Sandbox, photo: UUID
) -> None:
    # From the end of the attempt on, which is told in the same transaction, and not from when this is asked.
    ended = "(SELECT max(t.ended_at) FROM ledger.attempts t WHERE t.asset = a.id)"
    waits = f"SELECT extract(epoch FROM a.lease_until - {ended})::float AS seconds FROM ledger.assets a WHERE a.id = $1"
    waited = []
    minio.daemon.kill()
    try:
        # 40,000: such as there may be after some weeks, and more than a small integer holds.
        for attempts in (0, 2, 40_000):
            await fetch("UPDATE ledger.assets SET attempts = $2, lease_until = now() WHERE id = $1", photo, attempts)
            await _developer(book, minio, sandbox).develop(photo)
            [row] = await fetch(waits, photo)
            waited.append(row["seconds"])
    finally:
        minio.daemon.start()
    assert waited == [2, 8, 60]


async def test_a_ledger_that_is_away_is_not_the_photos_fault(
    book: Book, minio: Minio, sandbox: Sandbox, photo: UUID, postgres: Postgres
) -> None:
    """It goes when the work is done and is to be told; the lease is given back once it is there again."""
    assert sandbox.pid is not None
    os.kill(sandbox.pid, signal.SIGSTOP)
    developing = asyncio.create_task(_developer(book, minio, sandbox).develop(photo))
    with capture_logs() as logs:

        async def leased() -> bool:
            return await book.state(photo) == "processing"

        async def told_in_vain() -> bool:
            return any(line["event"] == "lease not given back" for line in logs)

        await until(leased)
        postgres.daemon.kill()
        try:
            os.kill(sandbox.pid, signal.SIGCONT)
            await until(told_in_vain)
        finally:
            postgres.daemon.start()
        await developing
    state, tries, _ = await _open(book, photo)
    assert (state, tries) == ("processing", 3)


async def test_a_job_that_takes_too_long_is_tried_again_at_once_and_not_called_too_slow(
    book: Book, minio: Minio, sandbox: Sandbox, photo: UUID
) -> None:
    await _developer(book, minio, sandbox, replace(CONFIG, job_seconds=0)).develop(photo)
    assert await _open(book, photo) == ("processing", 2, True)
    await _developer(book, minio, sandbox).develop(photo)
    assert await book.state(photo) == "done"


async def test_a_decoder_that_takes_too_long_is_the_photos_fault(
    book: Book, minio: Minio, sandbox: Sandbox, photo: UUID
) -> None:
    assert sandbox.pid is not None
    os.kill(sandbox.pid, signal.SIGSTOP)
    await _developer(book, minio, sandbox, replace(CONFIG, develop_seconds=0.3)).develop(photo)
    row = await book.row(photo)
    assert (row["state"], row["error_code"]) == ("error", "too_slow")


async def test_a_fault_of_ours_gives_the_lease_back_and_ends_after_three_tries(
    book: Book, minio: Minio, sandbox: Sandbox, photo: UUID
) -> None:
    await fetch("UPDATE ledger.assets SET folder = 'no folder of ours' WHERE id = $1", photo)
    developer = _developer(book, minio, sandbox)
    for tries in (2, 1, 0):
        await developer.develop(photo)
        assert await _open(book, photo) == ("processing", tries, True)
    assert await book.ledger.give_up() == [photo]
    assert await book.state(photo) == "error"


async def test_bytes_that_are_gone_from_a_whole_storage_are_an_error(
    book: Book, minio: Minio, sandbox: Sandbox, photo: UUID, intake: Intake
) -> None:
    [stat] = intake.stored(photo)
    intake.objects.delete_version("originals", stat.key, stat.version_id)
    await _developer(book, minio, sandbox).develop(photo)
    row = await book.row(photo)
    assert (row["state"], row["error_code"], row["error_fixer"]) == ("error", "object_missing", "operator")


def _rot(minio: Minio, asset: UUID, shards: int) -> None:
    """Flips bytes in the middle of so many of the shards of an original."""
    for drive in minio.drives[:shards]:
        [part] = drive.glob(f"originals/**/{asset}/*/part.1")
        with part.open("r+b") as shard:
            shard.seek(part.stat().st_size // 2)
            shard.write(b"rotten" * 100)


async def test_an_original_that_a_whole_storage_can_not_read_ends_as_an_error_after_an_hour(
    book: Book, minio: Minio, sandbox: Sandbox, intake: Intake
) -> None:
    asset, good = await _come(intake, _noise(700)), await _come(intake, _noise(600))
    _rot(minio, asset, 3)
    developer = _developer(book, minio, sandbox)
    for _ in range(3):
        await developer.develop(asset)
        assert await _open(book, asset) == ("processing", 3, False)
        await age(asset, 700)
    await developer.develop(good)
    assert await book.state(good) == "done"
    await fetch("UPDATE ledger.attempts SET ended_at = ended_at - interval '1 hour' WHERE asset = $1", asset)
    await developer.develop(asset)
    row = await book.row(asset)
    assert (row["state"], row["error_code"], row["error_fixer"]) == ("error", "object_unreadable", "operator")
    assert await book.ledger.retry([asset]) == [asset]
    await developer.develop(asset)
    assert await book.state(asset) == "processing", "it begins anew"


async def test_an_hour_in_which_storage_was_away_does_not_count(
    book: Book, minio: Minio, sandbox: Sandbox, intake: Intake
) -> None:
    asset = await _come(intake, _noise(700))
    _rot(minio, asset, 3)
    developer = _developer(book, minio, sandbox)
    await developer.develop(asset)
    await fetch("UPDATE ledger.attempts SET ended_at = ended_at - interval '2 hours' WHERE asset = $1", asset)
    await age(asset, 700)
    minio.daemon.kill()
    try:
        await developer.develop(asset)
    finally:
        minio.daemon.start()
    await age(asset, 700)
    await developer.develop(asset)
    assert await book.state(asset) == "processing"
    outcomes = await fetch("SELECT outcome FROM ledger.attempts WHERE asset = $1 ORDER BY attempt", asset)
    assert [row["outcome"] for row in outcomes] == ["unreadable", "put_off", "unreadable"]


async def test_bytes_that_are_not_there_while_drives_are_being_healed_are_not_gone(
    book: Book, minio: Minio, sandbox: Sandbox, photo: UUID, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Storage is healthy by its own word, but not whole."""
    [stat] = intake.stored(photo)
    intake.objects.delete_version("originals", stat.key, stat.version_id)
    developer = _developer(book, minio, sandbox)
    monkeypatch.setattr(Objects, "whole", lambda objects: False)
    await developer.develop(photo)
    assert (await _open(book, photo))[:2] == ("processing", 3)


async def test_a_photo_that_fails_is_known_by_its_bytes_and_others_in_their_place_are_never_developed(
    book: Book, minio: Minio, sandbox: Sandbox, intake: Intake
) -> None:
    body = b"no picture at all"
    asset = await _come(intake, body)
    await _developer(book, minio, sandbox).develop(asset)
    known = "SELECT b.sha256 FROM ledger.blobs b JOIN ledger.assets a ON a.blob = b.id WHERE a.id = $1"
    [row] = await fetch(known, asset)
    assert row["sha256"] == hashlib.sha256(body).hexdigest()
    await fetch("UPDATE ledger.blobs SET sha256 = $1", "ab" * 32)  # as if the bytes had been others
    await book.ledger.retry([asset])
    await _developer(book, minio, sandbox).develop(asset)
    assert (await book.row(asset))["error_code"] == "object_damaged"
    [row] = await fetch(known, asset)
    assert row["sha256"] == "ab" * 32


async def test_what_may_have_ended_its_worker_has_the_next_one_to_itself(
    book: Book, minio: Minio, sandbox: Sandbox, intake: Intake, photo: UUID
) -> None:
    suspect = await _come(intake, _noise(64))
    assert await book.ledger.claim(suspect, 0)  # by a worker that ended then
    developer = _developer(book, minio, sandbox)
    assert sandbox.pid is not None
    os.kill(sandbox.pid, signal.SIGSTOP)
    beside = asyncio.create_task(developer.develop(photo))
    try:
        await until(lambda: _is(book, photo, "processing"))
        again = asyncio.create_task(developer.develop(suspect, again=True))
        await asyncio.sleep(0.3)
        assert await _attempts(suspect) == 1
    finally:
        os.kill(sandbox.pid, signal.SIGCONT)
    await asyncio.gather(beside, again)
    assert await _attempts(suspect) == 2
    assert [await book.state(asset) for asset in (photo, suspect)] == ["done", "done"]


async def test_who_is_being_developed_by_somebody_else_is_no_suspect(book: Book, intake: Intake) -> None:
    asset = await _come(intake, _noise(64))
    claim = await book.ledger.claim(asset, 30)
    assert claim
    assert not await book.ledger.came_to_no_end(asset)
    await book.ledger.give_back(claim, 0)
    assert not await book.ledger.came_to_no_end(asset), "storage was away: it is not to blame"
    assert await book.ledger.claim(asset, 0)
    assert await book.ledger.came_to_no_end(asset)


async def _is(book: Book, asset: UUID, state: str) -> bool:
    return await book.state(asset) == state


async def _attempts(asset: UUID) -> int:
    [row] = await fetch("SELECT attempts FROM ledger.assets WHERE id = $1", asset)
    return int(row["attempts"])
