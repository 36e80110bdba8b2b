"""How a job ends when something other than the photo goes wrong: put off, tried again, never left with its lease."""

import io
import os
import signal
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from PIL import Image

from appliance.config import Config
from appliance.images.jobs import Developer
from appliance.ledger.database import fetch
from processors.sandbox import Sandbox
from storage.setup import Key
from tests.daemons.minio import UPLOADER, WORKER, Minio
from tests.ledger.book import Book
from tests.ledger.intake import Intake

CONFIG = Config(data=Path("/nonexistent"))


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as made:
        yield made


@pytest.fixture
async def photo(intake: Intake) -> UUID:
    """A real photo, uploaded and waiting."""
    asset = await intake.book.slot()
    drawn = io.BytesIO()
    Image.new("RGB", (300, 200), "orange").save(drawn, "JPEG")
    await intake.upload(asset, drawn.getvalue())
    await intake.notified([asset])
    await intake.read()
    return asset


def _developer(book: Book, minio: Minio, sandbox: Sandbox, config: Config = CONFIG, key: Key = WORKER) -> Developer:
    return Developer(book.ledger, minio.objects(key), sandbox, config)


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
    waits = "SELECT extract(epoch FROM lease_until - now())::integer AS seconds FROM ledger.assets WHERE id = $1"
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
