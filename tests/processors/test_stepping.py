"""Programs that step back: still while something urgent is done, not for long at once, and gone when they should be."""

import asyncio
import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from pathlib import Path

import pytest

from appliance.library import patience
from processors.sandbox import stepping
from processors.sandbox.bounds import Bounds
from processors.sandbox.errors import SandboxTimeout
from processors.sandbox.executing import execute
from processors.sandbox.layers import Protection
from tests.processors.test_executing import BEHIND, SECOND, cmdline, sleeper


@pytest.fixture
def urgent() -> Iterator[list[bool]]:
    """Whether something is: its one element."""
    told = [False]
    stepping.give_way_to(lambda: told[0])
    yield told
    stepping.give_way_to(stepping.nothing)


def still(below: list[int]) -> bool:
    return all(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T" for pid in below)


async def soon(below: list[int], wanted: bool, seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if still(below) == wanted:
            return True
        await asyncio.sleep(0.005)
    return False


@pytest.mark.parametrize("protection", BEHIND, ids=SECOND)
async def test_all_of_it_stands_still_meanwhile(
    protection: Protection, urgent: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepping, "HELD_SECONDS", 60.0)
    running, below = await sleeper(protection, Bounds(seconds=90, nice=7))
    assert await soon(below, False)
    urgent[0] = True
    assert await soon(below, True)
    urgent[0] = False
    assert await soon(below, False)
    await asyncio.sleep(0.6)  # as long as it stood still
    urgent[0] = True
    assert await soon(below, True)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    for _ in range(100):  # those inside a namespace go right after the one that holds it
        if not any(map(cmdline, below)):
            return
        await asyncio.sleep(0.02)
    raise AssertionError("something is left of it")


async def test_it_goes_on_half_of_the_time_whatever_is_urgent(
    urgent: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stepping, "HELD_SECONDS", 0.1)
    urgent[0] = True
    running, below = await sleeper(BEHIND[0], Bounds(seconds=90, nice=7))
    looks = []
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        looks.append(still(below))
        await asyncio.sleep(0.01)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running
    assert 0.25 < sum(looks) / len(looks) < 0.75


async def test_what_has_to_wait_stands_still_for_as_long_as_that_and_has_its_own_time_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stepping, "HELD_SECONDS", 0.1)
    waits = [False]
    stepping.give_way_to(stepping.nothing, lambda: waits[0])
    still_for = stepping.counted()
    running, below = await sleeper(BEHIND[0], Bounds(seconds=3, nice=7))
    waits[0] = True
    assert await soon(below, True)
    began = time.monotonic()
    while time.monotonic() < began + 4:
        await asyncio.sleep(0.02)
        assert still(below)
    assert not running.done()  # though its time is over by the clock
    assert still_for.seconds == pytest.approx(time.monotonic() - began, abs=0.5)
    waits[0] = False
    with pytest.raises(SandboxTimeout):
        await running
    stepping.give_way_to(stepping.nothing)


async def test_work_is_ended_once_it_has_taken_its_time_and_not_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "LOOK_SECONDS", 0.05)
    waits = [True]
    stepping.give_way_to(stepping.nothing, lambda: waits[0])
    began = time.monotonic()

    async def work() -> None:
        async with patience.at_work(0.5):
            await execute("/usr/bin/sleep", ["60"], b"", BEHIND[0], Bounds(seconds=90, nice=7))

    working = asyncio.create_task(work())
    await asyncio.sleep(1.5)
    waits[0] = False
    with pytest.raises(TimeoutError):
        await working
    assert 1.5 < time.monotonic() - began < 15
    stepping.give_way_to(stepping.nothing)


async def test_what_does_not_step_back_goes_on(urgent: list[bool]) -> None:
    urgent[0] = True
    running, below = await sleeper(BEHIND[0], Bounds(seconds=90))
    assert not await soon(below, True, 0.5)
    running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def test_each_is_asked_about_in_the_context_of_who_ran_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that of two files under way in one process the one stands still, the other not."""
    monkeypatch.setattr(stepping, "HELD_SECONDS", 60.0)
    whose: ContextVar[str] = ContextVar("whose")
    runs = []
    for name in ("urgent's", "other"):
        whose.set(name)
        runs.append(await sleeper(BEHIND[0], Bounds(seconds=90, nice=7)))
    (_, held), (_, free) = runs
    stepping.give_way_to(lambda: whose.get() == "urgent's")
    assert await soon(held, True)
    assert not await soon(free, True, 0.5)
    stepping.give_way_to(stepping.nothing)
    for running, _ in runs:
        running.cancel()
    await asyncio.gather(*(running for running, _ in runs), return_exceptions=True)
