"""Since when something is wrong: when somebody saw it first, kept in Valkey for as long as it is so.

Somebody looks once a minute (appliance/samples/sampler.py), and whenever a board is open. A flushed Valkey begins anew.
"""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from redis.asyncio import Redis

from appliance.board.findings import Finding
from appliance.valkey import LOST

KEY = "darkroom:findings"


async def first_seen(redis: Redis, found: Sequence[Finding]) -> list[Finding]:
    """The same findings, all of them with the moment since which they are so, where Valkey answers."""
    try:
        kept = {name.decode(): float(at) for name, at in (await redis.hgetall(KEY)).items()}  # type: ignore[misc]
        now = time.time()
        new = {one.identity: now for one in found if one.identity not in kept}
        over = kept.keys() - {one.identity for one in found}
        if new or over:
            async with redis.pipeline(transaction=True) as pipe:
                for identity, at in new.items():
                    pipe.hsetnx(KEY, identity, at)  # type: ignore[arg-type]
                if over:
                    pipe.hdel(KEY, *over)
                await pipe.execute()
    except LOST:
        return list(found)
    return [_with(one, (kept | new)[one.identity]) for one in found]


def _with(one: Finding, at: float) -> Finding:
    moment = datetime.fromtimestamp(int(at), UTC)
    return one if one.since else msgspec.structs.replace(one, since=moment)
