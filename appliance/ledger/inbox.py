"""The inbox: the list in Valkey into which storage writes its notifications.

An element is moved to a second list, told to the ledger, and only then removed: whoever dies in between leaves it
there, and the next one begins with it. Telling the ledger twice is harmless.
"""

import asyncio

import asyncpg
from redis.asyncio import Redis

from appliance.ledger.arrivals import Arrivals
from appliance.ledger.service import Bytes
from appliance.logs import log
from storage import layout
from storage.notifications import Arrival, NotificationInvalid, parse

INBOX = "darkroom:arrivals"
TAKEN = "darkroom:arrivals:taken"
MOST = 200  # elements in one transaction of the ledger
WAIT_SECONDS = 1.0


class Inbox:
    """Reads notifications in batches and hands them on."""

    def __init__(self, redis: Redis, arrivals: Arrivals) -> None:
        self._redis = redis
        self._arrivals = arrivals

    async def run(self) -> None:
        """Until cancelled. Raises what the ledger or Valkey raise; nothing is lost by that."""
        while left := await self._left():
            await self._hand_on(left)
        while True:
            if batch := await self._next() or await self._left():
                await self._hand_on(batch)

    async def _left(self) -> list[bytes]:
        """What was taken and not handed on: by one who died, or when a broken connection had the move repeated."""
        left: list[bytes] = await self._redis.lrange(TAKEN, 0, MOST - 1)  # type: ignore[misc]
        return left

    async def _next(self) -> list[bytes]:
        async with asyncio.timeout(WAIT_SECONDS + 10):  # a connection may be dead without having been closed
            first = await self._redis.blmove(INBOX, TAKEN, WAIT_SECONDS, "LEFT", "RIGHT")  # type: ignore[arg-type]
        if first is None:
            return []
        waiting = min(await self._redis.llen(INBOX), MOST - 1)  # type: ignore[misc]
        if not waiting:
            return [first]
        async with self._redis.pipeline(transaction=False) as pipe:
            for _ in range(waiting):
                pipe.lmove(INBOX, TAKEN, "LEFT", "RIGHT")
            more = await pipe.execute()
        return [first, *(element for element in more if element is not None)]

    async def _hand_on(self, elements: list[bytes]) -> None:
        try:
            await self._arrivals.take(_bytes(elements), "notification")
        except asyncpg.PostgresError as error:
            if len(elements) > 1:
                for element in elements:
                    await self._hand_on([element])
                return
            # The ledger will never take this one. If there are bytes behind it, the sweep finds them.
            told = [(one.key, one.version_id) for one in _bytes(elements)]
            log.error("notification refused by the ledger", error=type(error).__name__, told=told)
        async with self._redis.pipeline(transaction=False) as pipe:
            for element in elements:
                pipe.lrem(TAKEN, 1, element)  # type: ignore[arg-type]
            await pipe.execute()


def _bytes(elements: list[bytes]) -> list[Bytes]:
    """The originals that notifications tell of, in the order they were stored in: of two versions the first is taken.

    What is no original of ours is left to `ops/verify`.
    """
    came = []
    for arrival in sorted((a for element in elements for a in _arrivals(element)), key=lambda a: a.sequencer):
        place = layout.parse_original(arrival.key)
        if arrival.bucket == layout.ORIGINALS and place and arrival.created:
            came.append(Bytes(place.asset_id, arrival.key, arrival.version_id, arrival.size, arrival.etag))
    return came


def _arrivals(element: bytes) -> list[Arrival]:
    try:
        return parse(element)
    except NotificationInvalid as error:
        log.error("notification not understood", error=str(error))
        return []
