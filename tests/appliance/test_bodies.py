"""Bodies that come too slowly, and who gets a place for one."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from appliance.errors import Unavailable
from appliance.files import bodies
from appliance.files.bodies import Places, in_time

pytestmark = pytest.mark.pure


async def pieces(size: int, count: int, seconds: float) -> AsyncIterator[bytes]:
    for _ in range(count):
        await asyncio.sleep(seconds)
        yield bytes(size)


async def read(source: AsyncIterator[bytes]) -> int:
    return sum([len(piece) async for piece in in_time(source)])


async def test_a_body_that_trickles_ends_and_one_that_is_slow_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SLOW_SECONDS", 0.6)
    monkeypatch.setattr(bodies, "SLOW_BYTES", 1000)
    assert await read(pieces(600, 20, 0.04)) == 12_000, "longer than it may trickle"
    with pytest.raises(TimeoutError):
        await read(pieces(1, 1000, 0.02))
    with pytest.raises(TimeoutError):
        await read(pieces(600, 2, 1.5))


async def test_what_its_reader_does_meanwhile_is_not_held_against_a_body(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "SLOW_SECONDS", 0.6)
    came = 0
    async for piece in in_time(pieces(10, 5, 0.01)):
        await asyncio.sleep(0.2)
        came += len(piece)
    assert came == 50


async def test_nobody_has_more_than_half_of_the_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PLACE_SECONDS", 0.1)
    places = Places(4)
    for _ in range(2):
        await places.take("slow")
    with pytest.raises(Unavailable):
        await places.take("slow")
    for other in ("a", "b"):
        await places.take(other)
    with pytest.raises(Unavailable):
        await places.take("c")
    monkeypatch.setattr(bodies, "PLACE_SECONDS", 30)
    waiting = asyncio.create_task(places.take("c"))  # gets what is given back
    await asyncio.sleep(0.02)
    await places.give_back("slow")
    await waiting


async def test_no_person_has_more_than_a_quarter_however_many_rooms_it_makes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "PLACE_SECONDS", 0.1)
    places = Places(8)
    for room in ("a", "b"):
        await places.take(room, "slow")
    with pytest.raises(Unavailable):
        await places.take("c", "slow")
    await places.take("c", "other")
    await places.take("d")
    await places.give_back("a", "slow")
    await places.take("c", "slow")
