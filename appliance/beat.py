"""The heartbeat by which `ops/status` and the supervisor see that a part without a port is alive."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any

import msgspec
from redis.asyncio import Redis

from appliance import metrics
from appliance.logs import log
from appliance.valkey import LOST

EVERY_SECONDS, KEPT_SECONDS = 2.0, 10
KEY = "darkroom:health:"


async def beat(redis: Redis, part: str, facts: Mapping[str, Any] | None = None) -> None:
    """Says every 2 seconds that `part` is alive, until cancelled. A part that hangs stops saying it.

    With it go what the process counts, and `facts` about it that do not change.
    """
    while True:
        value = msgspec.json.encode({"pid": os.getpid(), "gauges": metrics.gauges(), **(facts or {})})
        try:
            await redis.set(f"{KEY}{part}", value, ex=KEPT_SECONDS)
            await metrics.publish(redis)
        except LOST as error:
            log.warning("heartbeat not told", error=type(error).__name__)
        await asyncio.sleep(EVERY_SECONDS)
