"""Verifying takes the same memory for any number of object versions and differences."""

import asyncio
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import pytest

from appliance.ledger.database import fetch
from appliance.upkeep.report import EXAMPLES
from storage import layout
from tests.ledger.book import PROJECT
from tests.upkeep.house import House

# Rows as an upload and a job leave them, many at once.
ROWS = """
WITH made AS (
    INSERT INTO ledger.assets (stream, root, owner, folder, kind, lane, recipe, filename, expires_at, state)
    SELECT s.id, s.root, s.owner, 'images', 'image', 'images', 'photo', 'a.jpg', now(), 'done'
    FROM ledger.streams s, generate_series(1, $2) WHERE s.owner = $1
    RETURNING id
), versions AS (
    INSERT INTO ledger.versions SELECT id, 'thumb', 1, 1, 1, 'image/jpeg', 'jpg', repeat('ab', 32), '', '' FROM made
)
SELECT id FROM made
"""


async def stored(house: House, count: int) -> None:
    """So many assets in `done`, with a version each and no original; nothing explains another object of each."""
    ids = [row["id"] for row in await fetch(ROWS, PROJECT, count)]
    keys = [
        layout.version_key("projects", PROJECT, "images", i, name, "ab" * 32, "jpg")
        for i in ids
        for name in ("thumb", "un")
    ]
    with ThreadPoolExecutor(16) as threads:
        put = [threads.submit(house.worker.put, layout.VERSIONS, key, b"1", "image/jpeg") for key in keys]
        await asyncio.to_thread(lambda: [one.result() for one in put])


async def peak(house: House) -> tuple[int, int]:
    """Bytes at most, and differences found."""
    tracemalloc.start()
    try:
        report = await house.verify(take=_nothing)
        assert report.object_versions == 2 * report.references
        assert report.missing == 0
        assert len(report.examples) == EXAMPLES
        return tracemalloc.get_traced_memory()[1], report.unexplained
    finally:
        tracemalloc.stop()


async def _nothing(differences: object) -> None:
    return None


@pytest.mark.long
@pytest.mark.parametrize(
    ("few", "many"), [(1100, 1700), pytest.param(2000, 20_000, marks=[pytest.mark.long, pytest.mark.timeout(900)])]
)
async def test_memory_does_not_grow(house: House, few: int, many: int) -> None:
    await stored(house, few)
    small, found = await peak(house)
    assert found == few
    await stored(house, many - few)
    large, found = await peak(house)
    assert found == many
    assert large < 1.25 * small, (small, large)
