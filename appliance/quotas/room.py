"""Whether storage can take more: asked before a link is handed out, so that nobody sends bytes that can't be kept."""

import asyncio
import time

from redis.asyncio import Redis

from appliance.care import report
from appliance.config import Settings
from appliance.errors import DomainError, Unavailable
from appliance.logs import log
from appliance.quotas.errors import StorageFull
from appliance.valkey import LOST
from storage.objects import Objects

ASK_SECONDS = 3.0  # the longest that a link waits for an answer; none is as good as no
FRESH_SECONDS = 1.0  # how long an answer is good for; the server itself looks at its drives about as often


class _Unwritable(Unavailable):
    title = "Storage takes no uploads at the moment; try again"


class Room:
    """Asks storage for its write quorum, and the caretaker's report for the free share of the fullest drive.

    Less than `storage_free_percent` of the settings refuses; 0 never does. Where nobody tells of drives (a storage of
    others, or no caretaker) only the quorum counts.
    """

    def __init__(self, redis: Redis, reader: Objects, settings: Settings) -> None:
        self._redis = redis
        self._reader = reader
        self._settings = settings
        self._until = 0.0
        self._refusal: DomainError | None = None
        self._asking = asyncio.Lock()

    async def check(self) -> None:
        """Raises Unavailable while storage can't write, StorageFull while there is too little room."""
        async with self._asking:
            if self._until < time.monotonic():
                refusal = await self._ask_in_time()
                if type(refusal) is not type(self._refusal):
                    log.warning("links are refused" if refusal else "links are given again", reason=str(refusal or ""))
                self._refusal, self._until = refusal, time.monotonic() + FRESH_SECONDS
        if self._refusal:
            raise self._refusal

    async def _ask_in_time(self) -> DomainError | None:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                return await self._ask()
        except TimeoutError:
            return _Unwritable()

    async def _ask(self) -> DomainError | None:
        if not await asyncio.to_thread(self._reader.healthy):
            return _Unwritable()
        free = await self._free()
        return StorageFull() if free is not None and 100 * free < self._settings.now.storage_free_percent else None

    async def _free(self) -> float | None:
        """The free share of the fullest drive, None where it is not known."""
        try:
            told = await report.last(self._redis)
        except LOST:
            return None
        fullest = told and told["fullest"]
        return fullest["free"] / fullest["total"] if fullest else None
