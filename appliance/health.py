"""Is everything that a request needs there? `/healthz`, `/readyz`, `/metrics`."""

import asyncio
from collections.abc import Awaitable
from typing import Any

from litestar import MediaType, Response, Router, get
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from redis.asyncio import Redis

from appliance.accounts.callers import Caller
from appliance.ledger.database import fetch
from appliance.queue import LANES, queue_name
from storage.objects import Objects

PATIENCE = 3.0

_OPEN = """
SELECT state::text AS state, count(*) AS n,
    coalesce(extract(epoch FROM now() - min(coalesce(uploaded_at, created_at))), 0)::float AS oldest
FROM ledger.assets WHERE state IN ('uploaded', 'processing') GROUP BY state
UNION ALL
SELECT 'init', count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)::float
FROM ledger.assets WHERE check_at IS NOT NULL AND state = 'init'
UNION ALL
SELECT 'deleting', count(*), coalesce(extract(epoch FROM now() - min(changed_at)), 0)::float
FROM ledger.assets WHERE check_at IS NOT NULL AND state = 'deleting'
"""


async def _works(check: Awaitable[Any]) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            return await check is not False
    except Exception:  # whatever it is, this part is not ready; which one is said in the answer
        return False


@get("/healthz", opt={"public": True}, tags=["health"], summary="This process answers")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@get("/readyz", opt={"public": True}, tags=["health"], summary="Every part that a request needs answers")
async def readyz(redis: Redis, reader: Objects) -> Response[dict[str, Any]]:
    names = ("postgres", "valkey", "storage")
    checks = await asyncio.gather(
        _works(fetch("SELECT 1")), _works(redis.ping()), _works(asyncio.to_thread(reader.healthy))
    )
    ready = all(checks)
    parts = {name: "ok" if ok else "failing" for name, ok in zip(names, checks, strict=True)}
    return Response(
        {"status": "ok" if ready else "failing", "parts": parts},
        status_code=200 if ready else 503,
        headers={} if ready else {"Retry-After": "2"},
    )


@get("/metrics", tags=["health"], media_type=MediaType.TEXT, summary="For Prometheus; needs an admin key")
async def metrics(caller: Caller, redis: Redis) -> bytes:
    caller.must_be_admin()
    registry = CollectorRegistry()
    assets = Gauge("darkroom_open_assets", "Assets that are not finished", ["state"], registry=registry)
    oldest = Gauge(
        "darkroom_oldest_open_seconds", "How long the oldest of them has waited", ["state"], registry=registry
    )
    queued = Gauge("darkroom_queued_jobs", "Jobs in the window of a lane", ["lane"], registry=registry)
    for row in await fetch(_OPEN):
        assets.labels(row["state"]).set(row["n"])
        oldest.labels(row["state"]).set(row["oldest"])
    for lane in LANES:
        queued.labels(lane).set(await redis.zcard(queue_name(lane)))
    return generate_latest(registry)


router = Router("/", route_handlers=[healthz, readyz, metrics])
