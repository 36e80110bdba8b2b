"""Who types: told to who listens, now and then, and to nobody where it can't be."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from appliance.accounts.callers import Callers
from appliance.accounts.whose import Whose
from appliance.chats import rooms
from appliance.live import typing
from appliance.live.doorbell import Listener, Woken
from appliance.live.service import bounds
from appliance.valkey import quick
from storage import layout
from tests.daemons.valkey import Valkey
from tests.ledger.book import Book
from tests.live.followers import running, until
from tests.live.serving import FIXED, Api

ROOM, OTHER = 71, 72


@pytest.fixture
async def redis(valkey_url: str) -> AsyncIterator[Redis]:
    made = quick(valkey_url)
    await made.flushall()
    yield made
    await made.aclose()


async def test_a_room_is_told_once_a_second_of_each_and_no_other_room(
    book: Book, valkey_url: str, redis: Redis
) -> None:
    listener = Listener(valkey_url)
    async with running(listener), listener.watch(ROOM) as room, listener.watch(OTHER) as other:
        await until(lambda: _subscribed(redis))
        for _ in range(5):
            for person in ("anna", "ben"):
                await typing.tell(redis, ROOM, person)
        await until(lambda: _typing(room, {"anna", "ben"}))
        assert room.taken()[1] == {"anna", "ben"}
        await typing.tell(redis, ROOM, "anna")
        await typing.tell(redis, ROOM, "eve")
        await until(lambda: _typing(room, {"eve"}))  # what was published before this would have come before it
        assert "anna" not in room.typing
        assert not other.typing
        await asyncio.sleep(typing.APART_SECONDS)
        await typing.tell(redis, ROOM, "anna")
        await until(lambda: _typing(room, {"anna", "eve"}))


async def test_of_a_crowd_that_types_a_few_are_told(book: Book, valkey_url: str, redis: Redis) -> None:
    listener = Listener(valkey_url)
    async with running(listener), listener.watch(ROOM) as room, listener.watch(OTHER) as other:
        await until(lambda: _subscribed(redis))
        people = [f"person {n}" for n in range(typing.MOST_A_ROOM + 10)]
        await asyncio.gather(*(typing.tell(redis, ROOM, person) for person in people))
        await typing.tell(redis, OTHER, "anna")
        await until(lambda: _typing(other, {"anna"}))
    assert len(room.typing) == typing.MOST_A_ROOM


async def test_where_valkey_is_away_nobody_is_told_and_nobody_minds(
    book: Book, valkey: Valkey, valkey_url: str, redis: Redis, database_url: str, tmp_path: Path
) -> None:
    room = await rooms.opened("Ferien", ["anna"], None, None)
    stream = (await bounds(Whose(layout.CHATS, room.chat_id))).stream
    api, listener = Api(database_url, valkey_url, tmp_path, DARKROOM_API_WORKERS="1"), Listener(valkey_url)
    token = Callers(FIXED["DARKROOM_TOKEN_SECRET"]).token(Whose(layout.USERS, "anna"), 60)[0]
    api.daemon.start()
    try:
        async with (
            httpx.AsyncClient(headers={"Authorization": f"Bearer {token}"}) as client,
            running(listener),
            listener.watch(stream) as woken,
        ):
            url = f"{api.url}/chats/{room.chat_id}/typing"
            valkey.daemon.kill()
            try:
                assert (await client.post(url, timeout=10)).status_code == 204
            finally:
                valkey.daemon.start()
            await until(lambda: _subscribed(redis))
            assert not woken.typing

            async def told() -> bool:
                """Nobody is told either while the API has not found its Valkey again."""
                assert (await client.post(url)).status_code == 204
                return woken.typing == {"anna"}

            await until(told, 30)
    finally:
        api.daemon.stop()


async def _typing(woken: Woken, people: set[str]) -> bool:
    return woken.typing == people


async def _subscribed(redis: Redis) -> bool:
    return dict(await redis.pubsub_numsub(typing.CHANNEL)).get(typing.CHANNEL.encode(), 0) > 0
