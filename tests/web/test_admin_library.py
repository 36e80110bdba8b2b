"""Libraries on the operator's page: what is planned, how far it is, what came of it, and the way back."""

import asyncio
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import expect

from tests.library.films import OLD
from tests.processors.clips import clip
from tests.stack import Stack
from tests.web.board import SECONDS
from tests.web.visitor import PATIENCE

pytestmark = pytest.mark.long
PAGE = 20
MADE_WITHIN = 180_000  # milliseconds
MPEG2 = ("-c:v", "mpeg2video", "-b:v", "4M", "-maxrate", "4M", "-bufsize", "1M")


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """One with somebody who works on libraries, whom the other tests do without."""
    made = Stack(DARKROOM_BACKFILL_WORKERS="1")
    try:
        made.up()
        yield made
    finally:
        made.close()


@pytest.fixture
def films(stack) -> Iterator[tuple[str, Path]]:
    """A library by its name, and its one film, where those who work on it may write."""
    top = Path(tempfile.mkdtemp(prefix="films-"))
    try:
        yield _given(stack, top), top / "old.MPG"
    finally:
        shutil.rmtree(top)


@pytest.fixture
def planned(stack) -> Iterator[tuple[str, Path]]:
    """A library of more films than a page of the plan holds, of which none may be replaced; its name and folder."""
    top = Path(tempfile.mkdtemp(prefix="films-"))
    try:
        yield _given(stack, top, PAGE + 1, {"allowed": False}), top
    finally:
        shutil.rmtree(top)


def _given(stack: Stack, top: Path, many: int = 1, replace: dict[str, Any] | None = None) -> str:
    data = clip(*MPEG2, pattern="testsrc2=size=640x360:rate=25:duration=3", suffix="mpeg")
    owner = stack.data.stat()
    os.chown(top, owner.st_uid, owner.st_gid)
    for number in range(many):
        film = top / f"old{number or ''}.MPG"
        film.write_bytes(data)
        os.utime(film, (OLD, OLD))
        os.chown(film, owner.st_uid, owner.st_gid)
    name = f"Films {uuid4().hex[:8]}"
    wanted = {
        "name": name,
        "source": {"folder": str(top)},
        "target": {"codec": "h264", "bit_rates": {"360": "600k"}},
        "replace": replace or {"allowed": True, "keep": "30d"},
        "limits": {"least_free": "1G"},
    }
    (stack.folder / "films.json").write_text(json.dumps(wanted))
    given = stack.verb("library", "run", str(stack.folder / "films.json"))
    assert given.returncode == 0, given.stderr
    return name


async def test_film_is_made_anew_and_brought_back(overseer, host, films):
    page, (name, film) = overseer.page, films
    original = await asyncio.to_thread(film.read_bytes)
    row = overseer.row("library", name)
    await expect(row).to_be_visible(timeout=PATIENCE)
    await expect(row).to_contain_text("1 of 1 files", timeout=MADE_WITHIN)
    await expect(page.get_by_role("heading", name="mpeg2video → h264")).to_be_visible(timeout=PATIENCE * 2)
    await overseer.button(f"Pause {name}").click()
    await overseer.answer("Pause")
    await expect(row.locator(".badge").first).to_have_text("Paused")
    await overseer.button(f"Resume {name}").click()
    await expect(row.locator(".badge").first).not_to_have_text("Paused")
    await overseer.button(f"Look now through {name}").click()
    await page.get_by_text(f"What waits in {name}").click()
    await expect(row.locator(".events").first).to_contain_text("Nothing.")
    await page.get_by_text(f"What came of {name}").click()
    await expect(row.locator(".events").last).to_contain_text("Replaced")
    await overseer.button("Bring back old.MPG").click()
    await overseer.answer("Bring it back")
    for _ in range(60):
        if film.exists() and await asyncio.to_thread(film.read_bytes) == original:
            break
        await asyncio.sleep(1)
    assert await asyncio.to_thread(film.read_bytes) == original
    overseer.clean(host)


async def test_what_waits_is_read_page_by_page_and_a_folder_that_is_away_is_said(overseer, host, planned):
    page, (name, top) = overseer.page, planned
    row = overseer.row("library", name)
    await expect(row).to_contain_text(f"0 of {PAGE + 1} files", timeout=MADE_WITHIN)
    await expect(row).to_contain_text("Nothing is begun now: replace.allowed is false")
    await page.get_by_text(f"What waits in {name}").click()
    files = row.locator(".events").first.locator("li")
    await expect(files).to_have_count(PAGE)
    await overseer.button(f"Show more: What waits in {name}").click()
    await expect(files).to_have_count(PAGE + 1)
    await expect(overseer.button(f"Show more: What waits in {name}")).to_be_hidden()
    await files.last.get_by_role("link").click()
    await expect(page.locator("#found")).to_contain_text("system/library")

    away = top.with_suffix(".away")
    top.rename(away)
    try:
        await overseer.button(f"Look now through {name}").click()
        said = f"The last look through the library {name} came to no end: {top} can't be read"
        finding = page.locator("#findings li", has_text=said)
        await expect(finding).to_be_visible(timeout=PATIENCE)
        await expect(finding.locator("code")).to_contain_text("./ops/library")
        await finding.get_by_role("link", name="Show").click()
        await expect(page.locator("#library-title")).to_be_in_viewport()
        await expect(row).to_contain_text(f"The last look came to no end: {top} can't be read", timeout=SECONDS)
    finally:
        away.rename(top)
    await overseer.button(f"Look now through {name}").click()
    await expect(finding).to_have_count(0, timeout=PATIENCE)
    overseer.clean(host)


async def test_original_of_what_somebody_has_changed_is_let_go_of(overseer, host, stack, films):
    page, (name, film) = overseer.page, films
    row = overseer.row("library", name)
    await expect(row).to_contain_text("1 of 1 files", timeout=MADE_WITHIN)
    await page.get_by_text(f"What came of {name}").click()
    result = row.locator(".events").last
    await expect(result).to_contain_text("Replaced")
    await expect(overseer.button("Let go old.MPG")).to_have_count(0)
    there = next(path for path in film.parent.iterdir() if path.name.startswith("old."))
    there.write_bytes(b"somebody's own")
    await overseer.button("Bring back old.MPG").click()
    await overseer.answer("Bring it back")
    await until_told(page, name, result, "is another one by now")
    await overseer.button("Let go old.MPG").click()
    await overseer.answer("Let it go")
    await until_told(page, name, result, "its original is gone")
    assert there.read_bytes() == b"somebody's own"
    assert list(film.parent.glob(".darkroom/kept/*/original")) == []
    overseer.clean(host)


async def until_told(page, name, result, words):
    """A list is read when it is opened."""
    for _ in range(30):
        if words in await result.inner_text():
            return
        await asyncio.sleep(1)
        for _ in range(2):
            await page.get_by_text(f"What came of {name}").click()
        await expect(result).to_contain_text("Replaced")
    await expect(result).to_contain_text(words)
