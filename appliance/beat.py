"""The heartbeat by which `ops/status` and the supervisor see that a part without a port is alive, and how it is."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import msgspec
from redis.asyncio import Redis

from appliance import metrics, recent
from appliance.clocks import Clocks
from appliance.config import current
from appliance.logs import log
from appliance.valkey import LOST

EVERY_SECONDS, KEPT_SECONDS = 2.0, 10
KEY = "darkroom:health:"
BEATING = "darkroom:beating"  # a sorted set: the parts by when they last beat, in seconds since 1970
MISSED_SECONDS = 86_400.0  # for how long a part that says nothing any more is missed
APART = "darkroom:apart"  # a set: the parts that said last that their clock is apart, those that have died too


LEAVING_SECONDS = 1.0  # that the word of a part's end may take
Facts = Callable[[], Mapping[str, Any]]
BEGAN = time.time()  # when this process did


async def beat(redis: Redis, part: str, facts: Facts | None = None, clocks: Clocks | None = None) -> None:
    """Says every 2 seconds that `part` is alive, until cancelled. A part that hangs stops saying it.

    With it go what the process counts, what it last warned of, `facts` about it, and what its `clocks` have found.
    Where there are several hosts, a part is known as `part@host`.
    """
    part, saying = known_as(part, current().host), None
    try:
        while True:
            saying = asyncio.create_task(_say(redis, part, facts, clocks))
            await asyncio.shield(saying)
            await asyncio.sleep(EVERY_SECONDS)
    finally:
        # In a task of its own, since this one is being cancelled, and what waits for an answer in it is so, too.
        leaving = asyncio.create_task(_leave(redis, part, saying))
        if not (await asyncio.wait({leaving}, timeout=LEAVING_SECONDS))[0]:
            leaving.cancel()


async def _say(redis: Redis, part: str, facts: Facts | None, clocks: Clocks | None) -> None:
    apart = clocks.apart() if clocks else ""
    told = {"pid": os.getpid(), "began": BEGAN, "gauges": metrics.gauges(), "clocks": apart}
    try:
        await redis.set(f"{KEY}{part}", msgspec.json.encode(told | dict(facts() if facts else {})), ex=KEPT_SECONDS)
        await redis.zadd(BEATING, {part: time.time()})
        if clocks:
            await (redis.sadd(APART, part) if apart else redis.srem(APART, part))  # type: ignore[misc]
        await metrics.publish(redis)
        await recent.publish(redis, part)
    except LOST as error:
        log.warning("heartbeat not told", error=type(error).__name__)


async def _leave(redis: Redis, part: str, saying: asyncio.Task[None] | None) -> None:
    """A part that is told to end is not missed; what it was just saying must not come after this."""
    if saying:
        await asyncio.wait({saying}, timeout=LEAVING_SECONDS / 2)
        saying.cancel()
    with suppress(*LOST):
        await redis.zrem(BEATING, part)


def known_as(part: str, host: str) -> str:
    """The name of `part` among those of all hosts; `host` is empty where there is one."""
    return f"{part}@{host}" if host else part


class Beat(NamedTuple):
    """What a part said last. at: when, in seconds since 1970. told: nothing where it is silent."""

    part: str
    at: float
    told: dict[str, Any]

    @property
    def alive(self) -> bool:
        return bool(self.told)

    @property
    def name(self) -> str:
        """Its name on its host."""
        return self.part.partition("@")[0]

    @property
    def host(self) -> str:
        """Where it runs; empty where there is one host."""
        return self.part.partition("@")[2]


async def beats(redis: Redis) -> list[Beat]:
    """Of all parts that are alive, and of those that became silent within a day without having been told to end; in
    the order of their names. Raises RedisError.
    """
    found = await redis.zrange(BEATING, 0, -1, withscores=True)
    told = await redis.mget([f"{KEY}{part.decode()}" for part, _ in found]) if found else []
    listed = [
        Beat(part.decode(), at, msgspec.json.decode(value) if value else {})
        for (part, at), value in zip(found, told, strict=True)
    ]
    # Processes of the API have no names that come again: another one takes the place of one that died.
    gone = [b.part for b in listed if not b.alive and (_of_api(b.part) or b.at < time.time() - MISSED_SECONDS)]
    if gone:
        await redis.zrem(BEATING, *gone)
    return sorted(b for b in listed if b.part not in gone)


def _of_api(part: str) -> bool:
    return part.startswith("api-")


async def apart(redis: Redis) -> dict[str, str]:
    """The parts that are alive and whose clocks are apart, and from which. Raises RedisError."""
    parts = sorted(part.decode() for part in await redis.smembers(APART))  # type: ignore[misc]
    beats = await redis.mget([f"{KEY}{part}" for part in parts]) if parts else []
    told = {part: msgspec.json.decode(value).get("clocks") for part, value in zip(parts, beats, strict=True) if value}
    return {part: said for part, said in told.items() if said}
