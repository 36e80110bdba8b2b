"""What the supervisor tells of its parts for the metrics: who runs, how often it died, what it uses.

It goes through Valkey to whoever shows it; while Valkey is away there is nothing to be told, and no harm.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import Collection
from typing import Any

import psutil

from ops import room
from ops.services import Plan
from ops.supervisor import Running, State

KEY = "darkroom:parts"
EVERY_SECONDS, KEPT_SECONDS = 10.0, 60
TIMEOUT = 5.0


async def tell(parts: Collection[Running], plan: Plan, least: float) -> None:
    """Tells of `parts` every 10 seconds until cancelled.

    Other programs may write while every drive has `least` percent free, if there is a way to S3 for them.
    """
    from redis.asyncio import Redis

    async with Redis.from_url(
        plan.services.valkey_url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT
    ) as redis:
        while True:
            with contextlib.suppress(Exception):  # whatever it is: the parts are kept all the same
                told = {"parts": await asyncio.to_thread(_rows, list(parts))}
                await redis.set(KEY, json.dumps(told), ex=KEPT_SECONDS)
                await room.look(redis, plan.folder, least)
            await asyncio.sleep(EVERY_SECONDS)


def _rows(parts: list[Running]) -> list[dict[str, Any]]:
    return [_row(one) for one in parts if not one.part.once]


def _row(one: Running) -> dict[str, Any]:
    child = one.child if one.state in (State.STARTING, State.RUNNING) else None
    return {
        "name": one.part.name,
        "up": float(one.state is State.RUNNING and not one.health),
        "restarts": one.restarts,
        "uptime_seconds": time.time() - one.began if child else 0.0,
        **(used(child.pid) if child else {}),
    }


def used(pid: int) -> dict[str, float]:
    """CPU seconds and memory in bytes of a process with all below it; empty if it is gone."""
    try:
        top = psutil.Process(pid)
        processes = [top, *top.children(recursive=True)]
    except psutil.Error:
        return {}
    cpu, memory, count = 0.0, 0, 0
    for process in processes:
        with contextlib.suppress(psutil.Error):  # it has ended meanwhile: its parent's times have it
            cpu += sum(process.cpu_times()[:4])
            memory += _held(process)
            count += 1
    return {"cpu_seconds": cpu, "memory_bytes": memory, "processes": count}


def _held(process: psutil.Process) -> int:
    """Its proportional share of what it has in memory, so that what several have is counted once; else all of it."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)
