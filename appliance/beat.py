"""The heartbeat by which `ops/status` and the supervisor see that a part without a port is alive, and how it is."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

import msgspec
from redis.asyncio import Redis

from appliance import metrics
from appliance.clocks import Clocks
from appliance.config import current
from appliance.logs import log
from appliance.valkey import LOST

EVERY_SECONDS, KEPT_SECONDS = 2.0, 10
KEY = "darkroom:health:"
APART = "darkroom:apart"  # a set: the parts that said last that their clock is apart, those that have died too


async def beat(redis: Redis, part: str, facts: Mapping[str, Any] | None = None, clocks: Clocks | None = None) -> None:
    """Says every 2 seconds that `part` is alive, until cancelled. A part that hangs stops saying it.

    With it go what the process counts, `facts` about it that do not change, and what its `clocks` have found. Where
    there are several hosts, a part is known as `part@host`.
    """
    part = known_as(part, current().host)
    while True:
        apart = clocks.apart() if clocks else ""
        told = {"pid": os.getpid(), "gauges": metrics.gauges(), "clocks": apart}
        try:
            await redis.set(f"{KEY}{part}", msgspec.json.encode(told | dict(facts or {})), ex=KEPT_SECONDS)
            if clocks:
                await (redis.sadd(APART, part) if apart else redis.srem(APART, part))  # type: ignore[misc]
            await metrics.publish(redis)
        except LOST as error:
            log.warning("heartbeat not told", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)


def known_as(part: str, host: str) -> str:
    """The name of `part` among those of all hosts; `host` is empty where there is one."""
    return f"{part}@{host}" if host else part


async def apart(redis: Redis) -> dict[str, str]:
    """The parts that are alive and whose clocks are apart, and from which. Raises RedisError."""
    parts = sorted(part.decode() for part in await redis.smembers(APART))  # type: ignore[misc]
    beats = await redis.mget([f"{KEY}{part}" for part in parts]) if parts else []
    told = {part: msgspec.json.decode(value).get("clocks") for part, value in zip(parts, beats, strict=True) if value}
    return {part: said for part, said in told.items() if said}
