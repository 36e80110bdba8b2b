"""One active process of several: never two, and not none because a network broke without saying so."""

import asyncio

import asyncpg
import pytest

from appliance import leading
from appliance.leading import lead, stay

LOCK = 0x7E57


async def test_a_stand_by_waits_for_as_long_as_the_active_one_lives(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leading, "SILENT_SECONDS", 2.0)
    monkeypatch.setattr(leading, "STAY_SECONDS", 0.3)
    active, other = await asyncpg.connect(database_url), await asyncpg.connect(database_url)
    await lead(active, LOCK)
    staying = asyncio.create_task(stay(active))
    waiting = asyncio.create_task(lead(other, LOCK))
    await asyncio.sleep(5)
    assert not waiting.done()
    assert not staying.done()
    staying.cancel()
    await active.close()
    async with asyncio.timeout(5):
        await waiting
    await other.close()


async def test_the_place_of_one_that_has_gone_silent_is_taken(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leading, "SILENT_SECONDS", 1.0)
    silent, innocent, other = [await asyncpg.connect(database_url) for _ in range(3)]
    await lead(silent, LOCK)
    await lead(innocent, LOCK + 1)
    async with asyncio.timeout(10):
        await lead(other, LOCK)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await stay(silent)
    assert await innocent.fetchval("SELECT 1") == 1, "who holds another lock is left alone"
    for connection in (innocent, other):
        await connection.close()
