"""Streams over HTTP: those that are not read are let go without a fault in the log, and may come back."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from appliance.accounts import owners
from appliance.accounts.whose import Whose
from appliance.errors import Unavailable
from appliance.files.versions import Linker
from appliance.ledger.database import fetch
from appliance.live.api import _sse
from appliance.live.cursor import Cursor
from appliance.live.doorbell import Listener
from appliance.live.feeds import Feeds
from appliance.live.frames import OfOwner
from appliance.live.service import bounds
from storage.links import Links
from tests.ledger.book import PROJECT, Book
from tests.ledger.intake import until
from tests.live.serving import Api, closed, large_events, told

SEND_SECONDS = 2.0
MANY = 3000


@pytest.fixture
async def api(database_url: str, valkey_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    made = Api(database_url, valkey_url, tmp_path, DARKROOM_LIVE_SEND_SECONDS=str(SEND_SECONDS))
    made.daemon.start()
    yield made
    made.daemon.stop()


async def test_a_slow_reader_is_let_go_and_comes_back_by_its_last_event(book: Book, api: Api) -> None:
    await large_events(await book.stream(), MANY)
    reader, writer = await api.unread_stream(after=0)
    await until(lambda: api.holds(1), 5)
    await until(lambda: api.holds(0), SEND_SECONDS + 10)
    got = b""
    while piece := await asyncio.wait_for(reader.read(65536), 10):
        got += piece
    writer.close()
    assert "Traceback" not in api.daemon.log.read_text()
    last = re.findall(rb"id: (\S+:(\d+))\n", got)[-1]
    assert 0 < int(last[1]) < MANY
    async with httpx.AsyncClient() as client, api.stream(client, **{"Last-Event-ID": last[0].decode()}) as again:
        ids = [line async for line, _ in _first(again, 2)]
    assert ids == [f"id: {last[0].decode().split(':')[0]}:{int(last[1]) + n}" for n in (1, 2)]


async def test_a_deleted_projects_readers_get_its_last_event_and_are_let_go(book: Book, api: Api) -> None:
    asset = await book.uploaded()
    async with httpx.AsyncClient() as client, api.stream(client) as stream, api.sockets(1) as [socket]:
        lines = stream.aiter_lines()
        assert "hello" in await anext(lines)
        assert (await told(socket))["type"] == "hello"
        await owners.PROJECTS.delete(PROJECT)
        await book.ledger.remove([asset])
        assert (await told(socket))["type"] == "deleted"
        assert not await owners.PROJECTS.forget()
        await book.ledger.bury(asset)
        assert await owners.PROJECTS.forget() == [PROJECT]
        assert (await told(socket))["type"] == "erased"
        assert (await closed(socket, 10))[0] == 4404
        async with asyncio.timeout(10):
            rest = [line async for line in lines if line.startswith("data: ")]
        assert ["erased" in line for line in rest] == [False, True]
        async with api.stream(client) as gone:
            assert gone.status_code == 404


async def test_a_cursor_older_than_what_is_kept_is_reset(book: Book, api: Api) -> None:
    await book.uploaded()
    await book.uploaded()
    await fetch("DELETE FROM ledger.events WHERE seq <= 2")
    async with api.sockets(1, after=1) as [behind], api.sockets(1, after=2) as [just_there]:
        hello, reset = await told(behind), await told(behind)
        assert (hello["type"], hello["first"]) == ("hello", 3)
        assert (reset["type"], reset["seq"]) == ("reset", 4)
        assert [(await told(just_there))["seq"] for _ in range(3)] == [4, 3, 4]
    async with httpx.AsyncClient(headers={"Authorization": f"Bearer {api.token()}"}) as client:
        url = f"{api.url}/projects/{PROJECT}/events"
        page = await client.get(url, params={"after": 1})
        assert (page.status_code, page.json()) == (410, reset)
        assert (await client.get(url, params={"after": 2})).json()["next"] == 4


async def _first(stream: httpx.Response, count: int) -> AsyncIterator[tuple[str, int]]:
    found = 0
    async for line in stream.aiter_lines():
        if line.startswith("id: "):
            found += 1
            yield line, found
        if found == count:
            return


async def test_links_that_would_be_dead_end_a_stream_without_a_fault(book: Book, valkey_url: str) -> None:
    def apart() -> None:
        raise Unavailable

    await book.finish(await book.claimed())
    here = await bounds(Whose("projects", PROJECT))
    linker = Linker(Links("access", "secret", 3600), "http://photos", apart)
    frames = [frame async for frame in _sse(here, Cursor(0), Feeds(Listener(valkey_url)), OfOwner(linker))]
    assert [b'"state":"done"' in frame for frame in frames] == [False] * 4  # hello, and three events before it
