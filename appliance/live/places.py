"""How many may listen at once: places counted in Valkey, over all API processes, for each project and each address.

A place that is not renewed falls free by itself, so what a killed process held is back within KEPT_SECONDS. Valkey
flushed counts from nothing until the places are renewed.
"""

import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple, cast
from uuid import uuid4

from redis.asyncio import Redis

from appliance.config import Config
from appliance.errors import TooMany, Unavailable
from appliance.valkey import LOST

RENEW_SECONDS, KEPT_SECONDS = 20.0, 90

# KEYS: what is counted; ARGV: the place, for how long, and the limit of each key. Gives 0, or which key is full.
_TAKE = """
local now = tonumber(redis.call('TIME')[1])
for i, key in ipairs(KEYS) do
    redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
    if redis.call('ZCARD', key) >= tonumber(ARGV[2 + i]) then return i end
end
for _, key in ipairs(KEYS) do
    redis.call('ZADD', key, now + ARGV[2], ARGV[1])
    redis.call('EXPIRE', key, ARGV[2])
end
return 0
"""


class Counted(NamedTuple):
    """One thing that places are counted by, and how many it may have."""

    key: str
    most: int


class Place:
    """One reader's place; to be renewed as long as it is held."""

    def __init__(self, redis: Redis, counted: list[Counted]) -> None:
        self._redis = redis
        self._counted = counted
        self._id = uuid4().hex
        self._renewed = time.monotonic()

    async def take(self) -> None:
        """Raises TooMany and Unavailable."""
        try:
            full = await self._write([str(one.most) for one in self._counted])
        except LOST as error:
            raise Unavailable("Readers can't be counted at the moment; try again") from error
        if full:
            raise TooMany("Too many connections are open; close one, or try again later")

    async def renew(self) -> None:
        """Keeps the place, if it is time; Valkey being away is no reason to send a reader away."""
        if time.monotonic() - self._renewed > RENEW_SECONDS:
            self._renewed = time.monotonic()
            with suppress(*LOST):
                await self._write(["inf"] * len(self._counted))

    async def _write(self, limits: list[str]) -> int:
        keys = [one.key for one in self._counted]
        asked = self._redis.eval(_TAKE, len(keys), *keys, self._id, str(KEPT_SECONDS), *limits)
        return int(await cast(Awaitable[int], asked))

    async def give_back(self) -> None:
        with suppress(*LOST):
            async with self._redis.pipeline(transaction=False) as pipe:
                for one in self._counted:
                    pipe.zrem(one.key, self._id)
                await pipe.execute()


@asynccontextmanager
async def place(redis: Redis, config: Config, project: str, address: str) -> AsyncIterator[Place]:
    """A place for the time of the block. Raises TooMany and Unavailable."""
    counted = [
        Counted(f"darkroom:readers:project:{project}", config.live_per_project),
        Counted(f"darkroom:readers:address:{address}", config.live_per_address),
    ]
    taken = Place(redis, counted)
    await taken.take()
    try:
        yield taken
    finally:
        await taken.give_back()
