"""Keeps the figures of FIGURES once a minute. One process does, the intake that leads."""

import json

from redis.asyncio import Redis

from appliance import exposition
from appliance.board import glance
from appliance.board.sources import Sources
from appliance.config import Settings
from appliance.ledger.database import fetch, fetch_one
from appliance.samples import times
from appliance.samples.figures import Sampled, named, of_families
from storage.objects import Objects

EVERY_SECONDS = 60.0
FORGET_EVERY = 60  # samples
MOST = 300  # lines in one sample: more come of no good labels, and would fill the disk
_STORED = "SELECT coalesce(sum(bytes), 0)::float AS bytes FROM ledger.usage WHERE scope IN ('project', 'user', 'chat')"
_KEEP = "SELECT ledger.keep_samples($1, $2::jsonb[], $3)"


class Sampler:
    """What it knows of the last sample is lost with it: then times are told from the next but one on."""

    def __init__(self, redis: Redis, reader: Objects, settings: Settings) -> None:
        self._redis = redis
        self._reader = reader
        self._settings = settings
        self._before: times.Known = {}
        self._kept = 0

    async def keep(self) -> None:
        """One sample. Raises Unavailable."""
        if self._settings.now.samples_paused:
            self._before = {}
            return
        found = await self._sampled()
        lines = sorted(found.items())[:MOST]
        metrics = [metric for (metric, _), _ in lines]
        labels = [json.dumps(dict(pairs)) for (_, pairs), _ in lines]
        await fetch(_KEEP, metrics, labels, [value for _, value in lines])
        if self._kept % FORGET_EVERY == 0:
            await fetch("SELECT ledger.forget_samples($1)", self._settings.now.samples_days)
        self._kept += 1

    async def _sampled(self) -> Sampled:
        families = await exposition.gathered(self._redis, self._reader)
        found, now = of_families(families), times.known(families)
        found |= times.of(now, self._before)
        self._before = now
        if row := await fetch_one(_STORED):
            found[named("stored", {})] = row["bytes"]
        noticed = await glance.look(Sources(self._redis, self._reader, self._settings))
        for severity in ("act", "watch"):
            count = sum(one.severity == severity for one in noticed.findings)
            found[named("findings", {"severity": severity})] = float(count)
        return found
