"""A library that its worker may not write to says so at once, with what would let it."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.config import Config
from appliance.ledger.database import fetch_one
from appliance.library.permission import forbidden
from appliance.library.scanning import Scanning
from appliance.library.shelf import Shelf
from appliance.valkey import quick
from processors.sandbox.probe import probe as probe_layers
from tests.ledger.book import Book

UID = 10077


@contextmanager
def as_account() -> Iterator[None]:
    os.seteuid(UID)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Which anybody may read, on a way that is open."""
    top = Path(tempfile.mkdtemp(prefix="dk-films-"))
    top.chmod(0o755)
    (top / "films").mkdir(mode=0o755)
    yield top / "films"
    shutil.rmtree(top)


@pytest.mark.pure
@pytest.mark.root
def test_another_accounts_folder_is_told_with_the_one_that_needs_it(folder: Path) -> None:
    with as_account():
        why = forbidden(str(folder))
    assert why
    assert why.startswith(f"the folder {folder} can't be written by uid {UID}: setfacl -R ")
    remedy = why.rpartition(", or ")[2]
    subprocess.run(remedy.split(), check=True)
    with as_account():
        assert forbidden(str(folder)) is None


@pytest.mark.pure
@pytest.mark.root
def test_the_folder_on_the_way_that_is_closed_is_named(folder: Path) -> None:
    os.chown(folder, UID, UID)
    folder.parent.chmod(0o700)
    with as_account():
        why = forbidden(str(folder))
    assert why
    assert f"{folder.parent} does not let it pass" in why


@pytest.mark.pure
@pytest.mark.root
def test_no_other_owner_is_asked_for_where_it_is_mounted_read_only(folder: Path) -> None:
    subprocess.run(["mount", "--bind", str(folder), str(folder)], check=True)
    try:
        assert forbidden(str(folder)) is None
        subprocess.run(["mount", "-o", "remount,ro,bind", str(folder)], check=True)
        why = forbidden(str(folder))
    finally:
        subprocess.run(["umount", str(folder)], check=True)
    assert why
    assert "it is read-only here" in why
    assert "chown" not in why


async def test_it_is_what_the_library_waits_for_where_it_would_be_written_to(book: Book, tmp_path: Path) -> None:
    """No Valkey runs here: it is none of what decides this."""
    shelf = Shelf(
        tmp_path / "library",
        book.ledger,
        Scanning(book.ledger, await probe_layers()),
        quick("redis://127.0.0.1:1/0"),
        Config(),
    )
    try:
        missing = f"the folder {tmp_path}/films can't be used: No such file or directory"
        assert await waits(shelf, tmp_path, allowed=True) == missing
        assert [await shelf.why_not(one) for one in shelf.libraries] == [missing]
        told = await waits(shelf, tmp_path, allowed=False)
        assert told
        assert "nothing is written" in told
        (tmp_path / "films").mkdir()
        assert await waits(shelf, tmp_path, allowed=True) is None
    finally:
        await shelf.close()


async def waits(shelf: Shelf, top: Path, allowed: bool) -> str | None:
    """What is noted after a look at this workflow."""
    told = {"name": "Films", "source": {"folder": str(top / "films")}, "target": {"codec": "h265"}}
    (top / "library").mkdir(exist_ok=True)
    (top / "library/films.json").write_text(json.dumps(told | {"replace": {"allowed": allowed}}))
    await shelf.look()
    row = await fetch_one("SELECT waits FROM ledger.libraries WHERE name = 'Films'")
    assert row
    found: str | None = row["waits"]
    return found
