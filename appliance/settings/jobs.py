"""The daily sync, and what one is needed for in between: the start, a change that waits, a Valkey that was flushed."""

import os
from datetime import datetime

from redis.asyncio import Redis

from appliance.config import Config, Settings
from appliance.logs import log
from appliance.settings import layers, published, service, shared, sources
from appliance.settings.declared import live_in
from appliance.settings.layers import Author
from appliance.settings.published import Force
from appliance.settings.resolving import resolved
from appliance.settings.sync import sync
from appliance.settings.tables import Layer
from appliance.upkeep import clock

WHO = "the appliance"


class Keeper:
    """The job, of the one process that leads. `config` is what it was started with, `settings` how they are now."""

    def __init__(self, config: Config, settings: Settings, redis: Redis) -> None:
        self._config = config
        self._settings = settings
        self._redis = redis
        self._table = type(config)
        self._began = False

    async def keep(self) -> str:
        """Syncs where that is needed; why it did, or nothing. Raises Unavailable and what is in LOST."""
        if not self._began:
            await self._take_in_environment()
            why = "start"
        else:
            why = await self._why()
        if why:
            await self._take_in_file(why)
            await sync(self._redis, Author(WHO, why), self._table)
            self._began = True
        return why

    async def _take_in_environment(self) -> None:
        """What this appliance was started with, so that it also counts for commands that were typed without it."""
        values = sources.of_environment(live_in(self._table), os.environ)
        whose = Author(f"environment@{self._config.host}" if self._config.host else "environment", "start")
        await layers.replace(Layer.ENVIRONMENT, values, (), whose)

    async def _take_in_file(self, why: str) -> None:
        try:
            await service.read_file(self._config.data, self._config.host, Author(WHO, why), self._table)
        except sources.BadFile as error:
            log.error("the file of settings is left out", error=str(error))

    async def _why(self) -> str:
        force = await published.in_force()
        if force is None or self._due(force.now, force.synced_at):
            return "daily"
        if await shared.mark(self._redis) is not None:
            return "repair"
        if await shared.read(self._redis, force.told.values.keys()) != force.told:
            return "repair"
        return "change" if await self._waits(force) else ""

    def _due(self, now: datetime, last: datetime) -> bool:
        settings = self._settings.now
        return last < clock.last_due(now, clock.time_of_day(settings.settings_at), clock.zone(settings.timezone))

    async def _waits(self, force: Force) -> bool:
        """Whether something was set that is not in force yet."""
        wanted = resolved(live_in(self._table), await layers.texts())
        return {key: one.text for key, one in wanted.items()} != force.told.values
