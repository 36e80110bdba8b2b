"""One look at storage: what has come back is to be healed, and how all of it is goes to whoever asks."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from redis.asyncio import Redis

from appliance.care import report, rounds, watch
from appliance.config import Settings
from appliance.logs import log
from ops.caretaker.gathering import Gathering
from ops.folder import DataFolder
from storage.admin import Admin
from storage.errors import StorageError
from storage.health import Cluster
from storage.returning import Seen, looked

KEEP_SECONDS = 30.0  # how often what was seen is kept though nothing changed


class Looking:
    def __init__(
        self, admin: Admin, redis: Redis, folder: DataFolder, settings: Settings, clock: Callable[[], float] = time.time
    ) -> None:
        self._admin = admin
        self._redis = redis
        self._gathering = Gathering(folder, settings)
        self._clock = clock
        self._seen: Seen | None = None
        self._kept = 0.0

    async def look(self) -> dict[str, Any]:
        """The report. Raises Unavailable, RedisError."""
        cluster, silence = await self._asked()
        if cluster:
            await self._returned(cluster)
        told = await self._gathering.report(cluster, silence)
        told["settles_at"] = self._seen and self._seen.settles_at
        await report.tell(self._redis, told)
        return told

    async def _asked(self) -> tuple[Cluster | None, str]:
        try:
            return await asyncio.to_thread(self._admin.cluster), ""
        except StorageError as error:
            return None, str(error)

    async def _returned(self, cluster: Cluster) -> None:
        now = self._clock()
        before = self._seen
        if before is None and (told := await watch.last()):
            before = Seen(**told)
        seen, came = looked(cluster, now, before)
        for one in came:
            # Asked for before what was seen is kept: who dies in between asks once more.
            await rounds.ask(deep=False, why=one.why, since=one.since)
            log.warning("storage is to be healed", why=one.why)
        changed = before is None or (seen.drives, set(seen.nodes)) != (before.drives, set(before.nodes))
        if changed or came or now - self._kept > KEEP_SECONDS:
            await watch.keep(seen.told())
            self._kept = now
        self._seen = seen
