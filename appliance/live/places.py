"""How many may listen at once: places counted in Valkey, over all API processes, for each owner and each address.

A process renews all its places every few seconds, gives them back if it ends in peace, and loses them within
KEPT_SECONDS if it doesn't: its readers come back at once and must not find their own old places taken. Valkey flushed
counts from nothing until the places are renewed.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from typing import Final, NamedTuple, cast
from uuid import uuid4

from redis.asyncio import Redis

from appliance.accounts.whose import Whose
from appliance.config import Settings
from appliance.errors import TooMany, Unavailable
from appliance.valkey import LOST

RENEW_SECONDS, KEPT_SECONDS = 3.0, 10

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


Held = dict[str, set[str]]  # places by what is counted


class Places:
    """The places of this process's readers: kept, and after a reader has left given back, as long as it runs."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._redis = redis
        self._settings: Final = settings
        self._held: Held = defaultdict(set)
        self._left: Held = defaultdict(set)
        self._leaving = asyncio.Event()

    @asynccontextmanager
    async def place(self, owner: Whose, address: str | None) -> AsyncIterator[None]:
        """A place for the time of the block; `address` is a mark, None if it is not counted.

        Raises TooMany and Unavailable.
        """
        limits = self._settings.now
        counted = [Counted(f"darkroom:readers:{owner.noun}:{owner.id}", limits.live_per_project)]
        if address is not None:
            counted.append(Counted(f"darkroom:readers:address:{address}", limits.live_per_address))
        one = uuid4().hex
        await self._take(one, counted)
        for key, _ in counted:
            self._held[key].add(one)
        try:
            yield
        finally:  # awaits nothing: a reader is also let go by a process that ends, which waits for no reader
            for key, _ in counted:
                self._leave(key, {one})

    def _leave(self, key: str, places: set[str]) -> None:
        self._held[key] -= places
        if not self._held[key]:
            del self._held[key]
        self._left[key] |= places
        self._leaving.set()

    async def run(self) -> None:
        """Until cancelled."""
        renewed = time.monotonic()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(renewed + RENEW_SECONDS - time.monotonic()):
                    await self._leaving.wait()
            with suppress(*LOST):  # that Valkey is away is no reason to send a reader away
                await self._remove()
                if time.monotonic() > renewed + RENEW_SECONDS:
                    renewed = time.monotonic()
                    await self._renew()

    async def give_back(self) -> None:
        """Gives back all that is held. Not part of `run`: in a task that is cancelled, redis finds no connection."""
        for key, places in list(self._held.items()):
            self._leave(key, set(places))
        with suppress(*LOST):
            await self._remove()

    async def _take(self, one: str, counted: list[Counted]) -> None:
        limits = [str(each.most) for each in counted]
        try:
            asked = self._redis.eval(
                _TAKE, len(counted), *(each.key for each in counted), one, str(KEPT_SECONDS), *limits
            )
            full = int(await cast(Awaitable[int], asked))
        except LOST as error:
            raise Unavailable("Readers can't be counted at the moment; try again") from error
        if full:
            raise TooMany("Too many connections are open; close one, or try again later")

    async def _renew(self) -> None:
        if not self._held:
            return
        until = (await self._redis.time())[0] + KEPT_SECONDS
        async with self._redis.pipeline(transaction=False) as pipe:
            for key, places in self._held.items():
                pipe.zadd(key, dict.fromkeys(places, until))
                pipe.expire(key, KEPT_SECONDS)
            await pipe.execute()

    async def _remove(self) -> None:
        """Says which places are free. What is cut off in the middle of that is said again by the next call."""
        self._leaving.clear()
        left = {key: set(places) for key, places in self._left.items()}
        async with self._redis.pipeline(transaction=False) as pipe:
            for key, places in left.items():
                pipe.zrem(key, *places)
            await pipe.execute()
        for key, places in left.items():
            self._left[key] -= places
            if not self._left[key]:
                del self._left[key]
