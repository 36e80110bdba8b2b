"""Is everything that a request needs there? `/healthz`, `/readyz`, `/metrics`."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from litestar import MediaType, Response, Router, get
from redis.asyncio import Redis

from appliance.accounts.callers import Caller
from appliance.beat import apart
from appliance.clocks import Clocks
from appliance.exposition import exposition
from appliance.ledger.database import fetch
from appliance.valkey import LOST
from storage.objects import Objects

PATIENCE = 3.0
LEDGER = "SELECT FROM ledger.assets, api_keys, webhooks LIMIT 0"
"""Answered once the database is there and has the tables: on several hosts nothing waits for their being made."""


async def _works(check: Awaitable[Any]) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            return await check is not False
    except Exception:  # whatever it is, this part is not ready; which one is said in the answer
        return False


async def _clocks_of_others(redis: Redis) -> str:
    """Which other part has a clock that is apart, in a sentence; empty if none says so, or Valkey says nothing."""
    try:
        async with asyncio.timeout(PATIENCE):
            found = await apart(redis)
    except (*LOST, TimeoutError):
        return ""
    return "; ".join(f"{part}: {said}" for part, said in found.items())


@get("/healthz", opt={"public": True}, tags=["health"], summary="This process answers")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@get("/readyz", opt={"public": True}, tags=["health"], summary="Every part that a request needs answers")
async def readyz(redis: Redis, reader: Objects, clocks: Clocks) -> Response[dict[str, Any]]:
    names = ("postgres", "valkey", "storage")
    checks = await asyncio.gather(_works(fetch(LEDGER)), _works(redis.ping()), _works(asyncio.to_thread(reader.ready)))
    parts = {name: "ok" if ok else "failing" for name, ok in zip(names, checks, strict=True)}
    parts["clocks"] = clocks.apart() or await _clocks_of_others(redis) or "ok"
    ready = set(parts.values()) == {"ok"}
    return Response(
        {"status": "ok" if ready else "failing", "parts": parts},
        status_code=200 if ready else 503,
        headers={} if ready else {"Retry-After": "2"},
    )


@get(
    "/metrics",
    opt={"any_clock": True},
    tags=["health"],
    media_type=MediaType.TEXT,
    summary="For Prometheus; needs an admin key",
)
async def metrics(caller: Caller, redis: Redis, reader: Objects) -> bytes:
    caller.must_be_admin()
    return await exposition(redis, reader)


router = Router("/", route_handlers=[healthz, readyz, metrics])
