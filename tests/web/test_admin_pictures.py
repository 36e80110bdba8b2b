"""The README's pictures of the operator's page: of the real page, on an appliance with a day behind it that is made up.

DARKROOM_PICTURES=web/pictures .venv/bin/python -m pytest -m long tests/web/test_admin_pictures.py   makes them anew.
"""

import asyncio
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Page, expect

from tests.faults.behind import behind
from tests.stack import Stack
from tests.web.board import NO_PHOTO, board
from tests.web.photos import photos
from tests.web.test_access import PHONE
from tests.web.visitor import PATIENCE

pytestmark = pytest.mark.long
MOST_BYTES = 150_000
# Files come and go as people are awake; a step of a counter's is what came in that minute.
A_DAY = """
WITH minutes AS (
    SELECT at, greatest(0, sin(extract(epoch FROM at) / 13751 - 1.2)) AS day,
        0.75 + 0.5 * random() AS noise FROM generate_series(now() - interval '25 hours', now(), interval '1 minute') at
), lines (metric, labels, base, swing, counted) AS (VALUES
    ('done', '{"lane": "images"}', 20.0, 240.0, true), ('done', '{"lane": "media"}', 0.4, 5.0, true),
    ('errors', '{"code": "damaged"}', 0.1, 1.4, true), ('errors', '{"code": "too_slow"}', 0.0, 0.3, true),
    ('requests', '{"status": "2xx"}', 300.0, 1900.0, true), ('requests', '{"status": "4xx"}', 5.0, 40.0, true),
    ('wait_seconds', '{"lane": "images", "of": "p95"}', 0.2, 2.4, false),
    ('wait_seconds', '{"lane": "media", "of": "p95"}', 0.5, 9.0, false),
    ('work_seconds', '{"lane": "images", "of": "p95"}', 0.31, 0.12, false),
    ('work_seconds', '{"lane": "media", "of": "p95"}', 14.0, 9.0, false),
    ('waiting', '{"lane": "images"}', 1.0, 60.0, false), ('waiting', '{"lane": "media"}', 0.5, 12.0, false)
), kept AS (
    INSERT INTO ledger.sample_series (metric, labels) SELECT metric, labels::jsonb FROM lines
    ON CONFLICT (metric, labels) DO UPDATE SET metric = excluded.metric RETURNING id, metric, labels
)
INSERT INTO ledger.samples (series, at, value)
SELECT k.id, m.at, CASE WHEN l.counted THEN sum(l.base * m.noise + l.swing * m.day * m.noise) OVER (
    PARTITION BY k.id ORDER BY m.at) ELSE l.base + l.swing * m.day * m.noise END
FROM kept k JOIN lines l ON l.metric = k.metric AND l.labels::jsonb = k.labels, minutes m
ON CONFLICT DO NOTHING
"""


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """One of its own, since its figures are made up."""
    made = Stack(DARKROOM_MEDIA_WORKERS="1")
    try:
        made.up()
        yield made
    finally:
        made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    wanted = os.environ.get("DARKROOM_PICTURES")
    made = Path(wanted) if wanted else tmp_path
    made.mkdir(exist_ok=True)
    return made


async def test_pictures_of_the_readme(browser, stack, folder, tmp_path):
    await asyncio.to_thread(behind(stack).sql, A_DAY)
    made = await board(browser, stack, color_scheme="dark", locale="en-GB")
    await _busy(made, tmp_path)
    await _picture(made.page, folder / "admin.png")
    await made.page.emulate_media(color_scheme="light")
    await expect(made.page.locator("#figures .plot:visible")).not_to_have_count(0)
    await made.page.locator("#figures").evaluate("section => section.scrollIntoView()")
    await _picture(made.page, folder / "admin-figures.png")
    phone = await board(browser, stack, color_scheme="light", locale="en-GB", **PHONE)
    await expect(phone.page.locator("#findings > li")).not_to_have_count(0)
    await _picture(phone.page, folder / "admin-phone.png")


async def _busy(made, tmp_path: Path) -> None:
    """Something is done, something failed, and a queue is held."""
    for path in photos(tmp_path, 3):
        await made.api.upload(path)
    for name in ("IMG_2107.jpg", "from the old camera.jpg"):
        (tmp_path / name).write_bytes(NO_PHOTO + name.encode())
        await made.api.upload(tmp_path / name)
    await made.api.call("POST", "/admin/lanes/media/pause")
    await expect(made.page.locator("#failed-list > li")).to_have_count(2, timeout=PATIENCE)
    await expect(made.page.locator("#findings > li")).to_have_count(2, timeout=PATIENCE)
    await expect(made.page.locator("#drive-list > li")).to_have_count(4, timeout=PATIENCE)


async def _picture(page: Page, path: Path) -> None:
    """What is seen of the page just now, as small as it can be without a loss."""
    await page.wait_for_timeout(1000)
    seen = Image.open(io.BytesIO(await page.screenshot())).convert("RGB")
    await asyncio.to_thread(seen.save, path, "PNG", optimize=True)
    assert (await asyncio.to_thread(path.stat)).st_size < MOST_BYTES
