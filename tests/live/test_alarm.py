"""A time limit that costs few timers: it rings when it should, and only then."""

import asyncio

import pytest

from appliance.live.alarm import Alarm

pytestmark = pytest.mark.pure

SECONDS = 0.3


async def rung_after(alarm: Alarm, bell: asyncio.Event) -> float:
    """Sets it: by a clock that is looked at before, since it may be long until that goes on."""
    now = asyncio.get_running_loop().time
    began = now()
    alarm.set()
    async with asyncio.timeout(5):
        await bell.wait()
    bell.clear()
    return now() - began


async def test_it_rings_once_its_time_after_it_was_last_set() -> None:
    bell = asyncio.Event()
    alarm = Alarm(SECONDS, bell.set)
    alarm.set()
    for _ in range(8):
        await asyncio.sleep(SECONDS / 6)
        assert not bell.is_set()
        alarm.set()
    assert await rung_after(alarm, bell) >= SECONDS * 0.99
    await asyncio.sleep(SECONDS * 2)
    assert not bell.is_set()
    assert await rung_after(alarm, bell) >= SECONDS * 0.99


async def test_what_is_off_does_not_ring_and_may_be_set_again() -> None:
    bell = asyncio.Event()
    alarm = Alarm(SECONDS, bell.set)
    alarm.set()
    await asyncio.sleep(SECONDS / 6)
    alarm.off()
    await asyncio.sleep(SECONDS)
    assert not bell.is_set()
    assert await rung_after(alarm, bell) >= SECONDS * 0.99
