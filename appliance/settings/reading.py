"""The settings as a process reads them: one set of one piece at a time, fetched anew every second beside its work.

Where Valkey has no whole set, or does not answer, the database is asked; where that does not answer either, what was
known last goes on to count, and before anything was known what the process was started with. Nobody who asks waits.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from redis.asyncio import Redis

from appliance.config import Config
from appliance.errors import BadConfiguration, Unavailable
from appliance.logs import log
from appliance.settings import published, shared
from appliance.settings.declared import live_in, unknown
from appliance.settings.layers import texts
from appliance.settings.published import Told
from appliance.settings.resolving import resolved
from appliance.settings.tables import Layer
from appliance.valkey import LOST

EVERY_SECONDS = 1.0
FIRST_SECONDS = 5.0  # that the start of a process waits for a first answer at most
_MISSING: Final = object()


class Reader:
    """`now` is a configuration that is replaced as a whole: who takes several settings from one is not mixed up."""

    def __init__(self, config: Config, redis: Redis) -> None:
        self.now = config
        self._started_with = config
        self._redis = redis
        self._table = live_in(type(config))
        self._shown = [key for key, one in self._table.items() if not one.secret]
        self._secret = len(self._shown) < len(self._table)
        self._known: tuple[Told | None, dict[str, str]] = (None, {})

    @property
    def generation(self) -> int:
        """Which set `now` is; 0 before the first."""
        told, _ = self._known
        return told.generation if told else 0

    def get(self, key: str, default: Any = _MISSING) -> Any:
        """The value of one setting. For a key that there is not: `default`, or without one UnknownSetting."""
        if key in self._table:
            return getattr(self.now, key)
        if default is not _MISSING:
            return default
        raise unknown(type(self.now), key)

    async def start(self) -> None:
        """A first look, which a part that hangs can't hold up for long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(FIRST_SECONDS):
                await self.look()

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Fetches what is in force now. Raises nothing that a part which is away could cause."""
        told, secrets = await self._told(), await self._secrets()
        known = (told or self._known[0], self._known[1] if secrets is None else secrets)
        if known != self._known:
            self._known = told, secrets = known
            self.now = made(self._started_with, (told.values if told else {}) | secrets)
            log.info("settings are others now", generation=self.generation)

    async def _told(self) -> Told | None:
        with suppress(*LOST):
            if told := await shared.read(self._redis, self._shown):
                return told
        with suppress(Unavailable):
            force = await published.in_force()
            return force and Told(force.told.generation, _of(force.told.values, self._shown))
        return None

    async def _secrets(self) -> dict[str, str] | None:
        """By the database alone: they are not in Valkey, nor in what is published. None where it does not answer."""
        if not self._secret:
            return {}
        with suppress(Unavailable):
            found = resolved(self._table, await texts(), secrets=True)
            return {key: one.text for key, one in found.items() if one.layer is not Layer.DEFAULT}
        return None


def _of(values: dict[str, str], keys: list[str]) -> dict[str, str]:
    return {key: values[key] for key in keys if key in values}


def made(config: Config, values: Mapping[str, str]) -> Config:
    """`config` with the values that these texts are written for."""
    table, cast = live_in(type(config)), {}
    for key, text in values.items():
        try:
            cast[key] = table[key].cast(text)
        except (ValueError, BadConfiguration):  # another release's
            log.warning("a setting is not valid and does not count", key=key)
    return replace(config, **cast)


async def in_force(config: Config) -> Config:
    """What the database has in force, for a command that asks once. Raises Unavailable."""
    force = await published.in_force()
    return made(config, _of(force.told.values, list(live_in(type(config)))) if force else {})
