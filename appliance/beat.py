"""The heartbeat by which `ops/status` and the supervisor see that a part without a port is alive."""

import asyncio
import os

import msgspec
from redis.asyncio import Redis

from appliance.logs import log
from appliance.valkey import LOST

EVERY_SECONDS, KEPT_SECONDS = 2.0, 10


async def beat(redis: Redis, part: str) -> None:
    """Says every 2 seconds that `part` is alive, until cancelled. A part that hangs stops saying it."""
    value = msgspec.json.encode({"pid": os.getpid()})
    while True:
        try:
            await redis.set(f"darkroom:health:{part}", value, ex=KEPT_SECONDS)
        except LOST as error:
            log.warning("heartbeat not told", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)
