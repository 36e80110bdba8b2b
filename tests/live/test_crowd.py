"""Thousands who listen: what each costs, and how soon all are told."""

import asyncio
import resource
import time
from pathlib import Path

import pytest

from appliance.live.doorbell import Doorbell
from tests.ledger.book import Book
from tests.live.followers import ringing, running, until
from tests.live.serving import Api, told

MOST_EACH = 200 * 1024  # bytes of resident memory, in all processes of the API together
MOST_SECONDS = 1.0


async def _settled(api: Api) -> bool:
    """Whether all its processes have been loaded: one answers already while another one still is."""
    before = api.resident()
    await asyncio.sleep(1)
    return abs(api.resident() - before) < 1 << 20


@pytest.mark.parametrize("count", [300, pytest.param(2000, marks=pytest.mark.long)])
async def test_idle_sockets_cost_little_and_one_event_reaches_all_within_a_second(
    count: int, book: Book, database_url: str, valkey_url: str, tmp_path: Path
) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    api = Api(database_url, valkey_url, tmp_path)
    doorbell = Doorbell(valkey_url)
    ringing(book, doorbell)
    api.daemon.start()
    try:
        async with running(doorbell):
            await until(lambda: _settled(api), 60)
            async with api.sockets(20) as first:  # what a process loads when it is first used is not a socket's
                await asyncio.gather(*(told(socket) for socket in first))
            before = api.resident()
            async with api.sockets(count) as sockets:
                await asyncio.gather(*(told(socket) for socket in sockets))
                await asyncio.sleep(1)
                each = (api.resident() - before) / count
                took = []
                for _ in range(3):
                    began = time.monotonic()
                    await book.slot()
                    await asyncio.gather(*(told(socket) for socket in sockets))
                    took.append(time.monotonic() - began)
    finally:
        api.daemon.stop()
    print(f"{count} sockets: {each / 1024:.0f} KiB each, all told within {max(took):.2f} s")
    assert each <= MOST_EACH
    assert sorted(took)[1] <= MOST_SECONDS
