"""All figures of the appliance as Prometheus reads them (text exposition format 0.0.4), gathered when asked for.

Each source answers for itself: where one is away the others are shown, and `darkroom_source_answers` says which is.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from redis.asyncio import Redis

from appliance import backlog
from appliance.beat import KEPT_SECONDS, KEY
from appliance.care import figures
from appliance.families import counter, gauge
from appliance.ledger.inbox import INBOX, TAKEN
from appliance.library import figures as libraries
from appliance.logs import log
from appliance.metrics import COUNTERS, COUNTS, GAUGES
from appliance.queue import LANES, queue_name
from storage.objects import Objects

PARTS = "darkroom:parts"
"""Where the supervisor tells of its parts: {"parts": [{"name", "up", "restarts", …}]}."""
PATIENCE = 3.0

Source = Callable[[], Awaitable[Iterable[Metric]]]


async def exposition(redis: Redis, reader: Objects) -> bytes:
    """Everything that is to be had within 3 seconds."""
    return rendered(await gathered(redis, reader))


async def gathered(redis: Redis, reader: Objects) -> list[Metric]:
    """The same as families, for who makes something else of it."""
    sources: dict[str, Source] = {
        "ledger": backlog.families,
        "libraries": libraries.families,
        "counts": lambda: _counts(redis),
        "beats": lambda: _beats(redis),
        "queue": lambda: _queue(redis),
        "parts": lambda: _parts(redis),
        "storage": lambda: _storage(reader),
        "cluster": lambda: figures.families(redis),
    }
    answers = await asyncio.gather(*(_asked(source) for source in sources.values()))
    answered = gauge("source_answers", "Whether this source of figures answered: 1 or 0", "source")
    for name, answer in zip(sources, answers, strict=True):
        answered.add_metric([name], float(answer is not None))
    return [answered, *(family for answer in answers for family in answer or ())]


async def _asked(source: Source) -> list[Metric] | None:
    try:
        async with asyncio.timeout(PATIENCE):
            return list(await source())
    except Exception as error:  # whatever it is, it is this source that has no figures
        log.warning("no figures", error=repr(error))
        return None


def rendered(families: Iterable[Metric]) -> bytes:
    class Gathered:
        def collect(self) -> Iterator[Metric]:
            return iter(families)

    registry = CollectorRegistry()
    registry.register(Gathered())
    return generate_latest(registry)


async def _counts(redis: Redis) -> Iterable[Metric]:
    families = {name: counter(name, about.help, *about.labels) for name, about in COUNTERS.items()}
    for series, total in (await redis.hgetall(COUNTS)).items():  # type: ignore[misc]
        name, labels = msgspec.json.decode(series)
        if name in families and len(labels) == len(COUNTERS[name].labels):  # else an older release's
            families[name].add_metric(labels, float(total))
    for name, about in COUNTERS.items():
        if not about.labels and not families[name].samples:
            families[name].add_metric([], 0)
    return families.values()


async def _beats(redis: Redis) -> Iterable[Metric]:
    """Processes of one part (the API has several, named `api-PID`) are added up."""
    age = gauge("beat_age_seconds", "How long ago the part last said that it is alive", "part")
    sums: defaultdict[str, float] = defaultdict(float)
    ages: defaultdict[str, float] = defaultdict(float)
    keys = [key async for key in redis.scan_iter(match=f"{KEY}*", count=1000)]
    for key in keys:
        value, left = await redis.get(key), await redis.pttl(key)
        told = msgspec.json.decode(value) if value else None
        if not isinstance(told, dict) or left < 0:
            continue
        name = key.decode().removeprefix(KEY)
        part = "api" if name.startswith("api-") else name
        ages[part] = max(ages[part], KEPT_SECONDS - left / 1000)
        for figure, number in told.get("gauges", {}).items():
            sums[figure] += number
    for part, seconds in sorted(ages.items()):
        age.add_metric([part], seconds)
    own = [gauge(name, told) for name, told in GAUGES.items()]
    for family, name in zip(own, GAUGES, strict=True):
        family.add_metric([], sums[name])
    return [age, *own]


async def _queue(redis: Redis) -> Iterable[Metric]:
    queued = gauge("queued_jobs", "Jobs in the window of a lane", "lane")
    inbox = gauge("inbox_notifications", "Notifications of storage that nobody has taken in yet", "list")
    for lane in LANES:
        queued.add_metric([lane], await redis.zcard(queue_name(lane)))
    for name, key in (("waiting", INBOX), ("taken", TAKEN)):
        inbox.add_metric([name], await redis.llen(key))  # type: ignore[misc]
    return queued, inbox


_OF_A_PART = {
    "up": ("Whether the part runs and is well: 1 or 0", gauge),
    "restarts": ("How often the part was started again since the appliance was", counter),
    "uptime_seconds": ("How long the part's process has been running", gauge),
    "cpu_seconds": ("CPU time of the part's processes, user and system", counter),
    "memory_bytes": ("Memory held by the part's processes; what they share is counted once", gauge),
    "processes": ("Processes of the part", gauge),
}


async def _parts(redis: Redis) -> Iterable[Metric]:
    """What the supervisor last told; nothing where there is none, or it has stopped telling."""
    value = await redis.get(PARTS)
    told: dict[str, Any] = msgspec.json.decode(value) if value else {}
    families: dict[str, Any] = {name: make(f"part_{name}", about, "part") for name, (about, make) in _OF_A_PART.items()}
    for part in told.get("parts", ()):
        for name, family in families.items():
            if part.get(name) is not None:
                family.add_metric([part["name"]], part[name])
    return families.values()


async def _storage(reader: Objects) -> Iterable[Metric]:
    healthy = gauge("storage_writable", "Whether storage has what it needs to take writes: 1 or 0")
    healthy.add_metric([], float(await asyncio.to_thread(reader.healthy)))
    return [healthy]
