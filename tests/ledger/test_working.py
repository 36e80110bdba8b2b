"""How the work on a large file ends when it has no time or no room: at the first try, with a word for who can help."""

import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from appliance.config import Config
from appliance.files.media import Media
from appliance.ledger.database import fetch
from appliance.live.progress import Teller
from processors.sandbox.sandbox import Sandbox
from tests.daemons.minio import WORKER, Minio
from tests.ledger.book import Book
from tests.ledger.intake import Intake
from tests.processors.clips import FAST, HOURS, clip

CONFIG = Config(data=Path("/nonexistent"))


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as made:
        yield made


async def come(intake: Intake, body: bytes) -> UUID:
    """A file that was uploaded and waits."""
    asset = await intake.book.slot()
    await intake.upload(asset, body)
    await intake.notified([asset])
    await intake.read()
    return asset


@pytest.fixture
async def video(intake: Intake) -> UUID:
    """A real one, uploaded and waiting."""
    return await come(intake, clip())


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for a megabyte. Needs root."""
    room = tmp_path / "room"
    room.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", room], check=True)
    yield room
    subprocess.run(["umount", room], check=True)


async def worked(book: Book, minio: Minio, sandbox: Sandbox, asset: UUID, path: Path, config: Config) -> dict[str, Any]:
    """What the ledger says of `asset` after one attempt."""
    nobody = Teller("redis://127.0.0.1:1")
    await Media(book.ledger, minio.objects(WORKER), sandbox, config, "media", nobody, path).develop(asset)
    [row] = await fetch(
        "SELECT state::text, error_code, error_message, error_fixer FROM ledger.assets WHERE id = $1", asset
    )
    return dict(row)


async def test_what_takes_too_long_is_not_tried_again(
    book: Book, minio: Minio, sandbox: Sandbox, video: UUID, tmp_path: Path
) -> None:
    hasty = replace(CONFIG, media_seconds=0.2)
    row = await worked(book, minio, sandbox, video, tmp_path / "scratch", hasty)
    assert (row["state"], row["error_code"], row["error_fixer"]) == ("error", "too_slow", "client")
    assert "Send a shorter one, or one in parts." in row["error_message"]
    assert list((tmp_path / "scratch").iterdir()) == []


async def test_what_can_not_be_done_in_time_is_shown_and_not_begun(
    book: Book, minio: Minio, sandbox: Sandbox, intake: Intake, tmp_path: Path
) -> None:
    """Nineteen hours, in twenty small pictures, of which a minute's work would be made."""
    asset = await come(intake, clip(*HOURS, *FAST, pattern="testsrc2=size=64x36:rate=20:duration=1"))
    row = await worked(book, minio, sandbox, asset, tmp_path / "scratch", replace(CONFIG, media_seconds=40))
    assert (row["state"], row["error_code"], row["error_fixer"]) == ("error", "too_long", "client")
    names = {row["name"] for row in await fetch("SELECT name FROM ledger.versions WHERE asset = $1", asset)}
    assert {"thumb", "poster", "storyboard", "preview"} <= names
    assert "video" not in names


@pytest.mark.root
async def test_what_the_disk_can_never_hold_is_for_the_operator(
    book: Book, minio: Minio, sandbox: Sandbox, video: UUID, tiny_disk: Path
) -> None:
    row = await worked(book, minio, sandbox, video, tiny_disk / "scratch", CONFIG)
    assert (row["state"], row["error_code"], row["error_fixer"]) == ("error", "no_scratch_room", "operator")
