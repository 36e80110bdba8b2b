"""Making what is asked for once, however many ask for it at the same time, in however many processes."""

import asyncio
import time
from uuid import UUID

from redis.exceptions import RedisError

from appliance.config import Settings
from appliance.live.doorbell import Listener
from appliance.logs import log
from appliance.queue import Queue
from appliance.quotas.room import Room
from appliance.renders import orders
from appliance.renders.errors import REFUSALS, BeingMade, NotMade
from appliance.renders.orders import Made, Placed
from appliance.renders.sweep import LANE

ENQUEUE_SECONDS = 1.0  # the queue's own client waits for Valkey for ever; the sweep queues what was not
LOOK_SECONDS = 0.5  # how late it is seen that an order is done, if its ring was lost


class Renders:
    """Has versions made by the workers, and waits for them, for `render_seconds` at most."""

    def __init__(self, listener: Listener, queue: Queue, room: Room, settings: Settings) -> None:
        self._listener, self._queue, self._room, self._settings = listener, queue, room, settings

    async def made(self, asset: UUID, name: str, most: int | None = None) -> list[Made]:
        """The versions of an order, made if they are not there yet; `most`: orders that the asset may have, None for
        one that is always taken.

        Raises NotReady, TooManyRenditions, Busy, BeingMade, NotMade; Unavailable and StorageFull where nothing can be
        written.
        """
        if there := await orders.made(asset, name):
            return there
        await self._room.check()
        until = time.monotonic() + self._settings.now.render_seconds
        placed = await orders.place(asset, name, most, self._settings.now.queue_window)
        while placed.verdict in ("new", "open"):
            if placed.verdict == "new":
                await self._queued(asset, name)
            placed = await self._ended(asset, name, most, placed, until)
        if placed.verdict == "failed":
            raise NotMade(placed.code or "", placed.message or "")
        if refusal := REFUSALS.get(placed.verdict):
            raise refusal
        return await orders.made(asset, name)

    async def order(self, asset: UUID, name: str) -> None:
        """Has it made without waiting for it; nothing happens if it is made, or under way. Raises as `made` does."""
        await self._room.check()
        placed = await orders.place(asset, name, None, self._settings.now.queue_window)
        if placed.verdict == "new":
            await self._queued(asset, name)
        if refusal := REFUSALS.get(placed.verdict):
            raise refusal

    async def _queued(self, asset: UUID, name: str) -> None:
        try:
            async with asyncio.timeout(ENQUEUE_SECONDS):
                await self._queue.put_order(LANE, asset, name, 1)
        except (RedisError, OSError) as error:
            log.warning("order not queued; the sweep will", asset=str(asset), error=type(error).__name__)

    async def _ended(self, asset: UUID, name: str, most: int | None, placed: Placed, until: float) -> Placed:
        """The order once it is open no more. Raises BeingMade when that takes too long."""
        assert placed.id is not None
        async with self._listener.watch(orders.stream_of(placed.id)) as woken:
            while True:
                now = await orders.place(asset, name, most, self._settings.now.queue_window)
                if now.verdict != "open" or now.id != placed.id:
                    return now
                left = until - time.monotonic()
                if left <= 0:
                    raise BeingMade
                woken.clear()
                try:
                    async with asyncio.timeout(min(left, LOOK_SECONDS)):
                        await woken.wait()
                except TimeoutError:
                    continue
