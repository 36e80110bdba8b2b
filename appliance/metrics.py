"""What a process counts, and how the API gets to know of it.

Counts go to Valkey with the beat, as what has been added since the last one: so they outlive the process, and all
processes of a kind make one series. Gauges are a process's own, and go with its beat.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import NamedTuple

import msgspec
from redis.asyncio import Redis

COUNTS = "darkroom:counts"  # a hash: a series as `encoded` has it → its sum


class Counter(NamedTuple):
    """What is counted, and by which labels."""

    help: str
    labels: tuple[str, ...] = ()


COUNTERS = {
    "uploads": Counter("Uploads taken in, by the signal that told first: notification or sweep", ("signal",)),
    "lost_notifications": Counter("Estimate: uploads that the sweep found long after they should have been told of"),
    "attempts": Counter("Attempts to process a file, by how they ended", ("lane", "outcome")),
    "attempt_seconds": Counter("How long these attempts took, in seconds", ("lane", "outcome")),
    "waits": Counter(
        "Files that a first attempt was made at, by the seconds they had waited at most", ("lane", "up_to")
    ),
    "wait_seconds": Counter("How long these had waited, in seconds", ("lane",)),
    "works": Counter("Files that were done, by the seconds that their attempt took at most", ("lane", "up_to")),
    "gave_up": Counter("Files that used up all their tries without an answer"),
    "bundles": Counter("Bundles that were sent to their end"),
    "exports": Counter("Exports of chats that were sent to their end"),
    "orders": Counter("Attempts to make what somebody asked for, by how they ended", ("outcome",)),
    "sandbox_ends": Counter("Decoding processes that were killed or died, by why: time, memory or death", ("why",)),
    "foreign_versions": Counter("Orders to delete a version that nothing refers to; a notification comes twice"),
    "requests": Counter("Requests answered by the API", ("method", "route", "status")),
    "readers_dismissed": Counter("Websockets that were closed for what their client did, by close code", ("code",)),
    "webhook_messages": Counter("Messages sent to webhooks, by what became of them: taken or failed", ("outcome",)),
}

GAUGES = {
    "readers": "Websockets and streams of events that are open",
    "jobs_under_way": "Jobs under way in the workers",
    "jobs_at_once": "Jobs that the workers may have under way, as their lanes are set",
}

BOUNDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)
"""Seconds that times are sorted by; quantiles are told as exactly as these are near each other."""

_pending: defaultdict[bytes, float] = defaultdict(float)
_gauges: dict[str, Callable[[], float]] = {}


def count(name: str, by: float = 1, **labels: str) -> None:
    """Adds to a counter of COUNTERS, in this process's event loop. Never blocks, never waits."""
    assert set(COUNTERS[name].labels) == set(labels), name
    _pending[encoded(name, labels)] += by


def up_to(seconds: float) -> str:
    """The label of how long something took: the least of BOUNDS that it did not exceed."""
    return next((f"{bound:g}" for bound in BOUNDS if seconds <= bound), "inf")


def gauge(name: str, read: Callable[[], float]) -> None:
    """Has `read` tell this process's share of a gauge of GAUGES with every beat."""
    assert name in GAUGES, name
    _gauges[name] = read


def encoded(name: str, labels: dict[str, str]) -> bytes:
    """A series as it is named in Valkey: JSON [name, [label's value, …]] in the order of COUNTERS."""
    return msgspec.json.encode([name, [labels[label] for label in COUNTERS[name].labels]])


def gauges() -> dict[str, float]:
    """This process's gauges as they stand."""
    return {name: read() for name, read in _gauges.items()}


async def publish(redis: Redis) -> None:
    """Adds to Valkey's sums what was counted since the last time. Raises RedisError; then it is told the next time."""
    taken = dict(_pending)
    if not taken:
        return
    _pending.clear()
    try:
        async with redis.pipeline(transaction=True) as pipe:
            for series, by in taken.items():
                pipe.hincrbyfloat(COUNTS, series, by)  # type: ignore[arg-type]
            await pipe.execute()
    except BaseException:
        for series, by in taken.items():
            _pending[series] += by
        raise
