"""Work on disk, in one process: what is not what its name said, and what this machine can't make."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest

from appliance.accounts.callers import Caller
from appliance.config import Config
from appliance.files.jobs import Developer
from appliance.files.media import Media
from appliance.live.progress import Teller
from appliance.renders import pages
from appliance.renders.errors import NoPreviews
from processors.office import libreoffice
from processors.profiles import IMAGE
from processors.sandbox.sandbox import Sandbox
from storage import layout
from tests.appliance import pictures
from tests.daemons.minio import UPLOADER, WORKER, Minio
from tests.ledger.book import PROJECT
from tests.ledger.intake import Intake
from tests.processors import letters

CONFIG = Config(data=Path("/nonexistent"))


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as made:
        yield made


@pytest.fixture
def media(intake: Intake, minio: Minio, sandbox: Sandbox, tmp_path: Path) -> Media:
    told = Teller("redis://127.0.0.1:1")
    return Media(intake.book.ledger, minio.objects(WORKER), sandbox, CONFIG, "media", told, tmp_path / "scratch")


async def come(intake: Intake, minio: Minio, folder: str, kind: str, filename: str, data: bytes) -> UUID:
    """A file for the lane `media` by its name, uploaded and waiting."""
    slot = await intake.book.ledger.open_slot("projects", PROJECT, folder, kind, "media", "file", filename, 900)
    assert slot is not None
    key = layout.original_key("projects", PROJECT, folder, slot.id)
    await asyncio.to_thread(minio.objects(UPLOADER).put, layout.ORIGINALS, key, data, "application/octet-stream")
    await intake.notified([slot.id])
    await intake.read()
    return slot.id


async def test_a_picture_that_is_as_large_as_a_video_may_be_is_never_read_into_memory(
    intake: Intake, minio: Minio, sandbox: Sandbox, media: Media
) -> None:
    data = pictures.jpeg() + bytes(IMAGE.most_bytes)
    asset = await come(intake, minio, "videos", "video", "a.mp4", data)
    await media.develop(asset)
    row = await intake.book.row(asset)
    assert (row["state"], row["error_code"], row["error_fixer"]) == ("error", "too_large", "client")
    await intake.book.ledger.retry([asset])
    await Developer(intake.book.ledger, minio.objects(WORKER), sandbox, CONFIG, "images").develop(asset)
    assert (await intake.book.row(asset))["error_code"] == "too_large", "nor where all are read into memory"


async def test_without_libreoffice_a_document_is_done_and_says_that_it_has_no_previews(
    intake: Intake, minio: Minio, media: Media, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(libreoffice, "PATH", "/nowhere")
    letter = letters.docx(letters.paragraph("Hello"))
    asset = await come(intake, minio, "documents", "document", "a.docx", letter)
    await media.develop(asset)
    row = await intake.book.row(asset)
    assert row["state"] == "done"
    assert msgspec.json.decode(row["facts"])["previews"] == "unavailable"
    nothing = cast(Any, None)  # it is refused before any of these is asked
    with pytest.raises(NoPreviews):
        await pages.read_page.fn(asset, 1, nothing, Caller("server"), CONFIG, nothing, nothing)
