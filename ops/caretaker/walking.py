"""Rounds through storage: the server heals slice by slice, and what it says of each object version is kept.

The server keeps a thousand results and waits until they are fetched. So a scrub slows down by not fetching, and nothing
of a slice is lost with whoever fetches: that slice is begun again.
"""

import asyncio
import time

from appliance.care import days, rounds, unhealed
from appliance.care.rounds import Round
from appliance.care.unhealed import Conclusions
from appliance.config import Config
from appliance.ledger.database import fetch_one
from appliance.logs import log
from ops.caretaker.slices import Slice, slices
from storage.admin import Admin, Batch, Course
from storage.errors import StorageError
from storage.inspection import Inspector

SHORTEST, LONGEST = 0.02, 1.0  # seconds between two questions for results
TRIES = 3  # of a slice, before the round waits
RECHECK_SECONDS = 2.0
STUCK_SECONDS = 3.0  # storage does not answer, say
_WAITING = "SELECT EXISTS (SELECT FROM ledger.assets WHERE state = 'uploaded' AND tries > 0) AS busy"


class Walking:
    """`objects` lists every bucket there is."""

    def __init__(self, admin: Admin, objects: Inspector, conclusions: Conclusions, config: Config) -> None:
        self._admin = admin
        self._objects = objects
        self._conclusions = conclusions
        self._pause = config.scrub_pause_seconds

    async def go_on(self) -> None:
        """Goes on with what was asked for, until nothing is left. Raises Unavailable."""
        while one := await rounds.first():
            try:
                await self._round(one)
            except StorageError as error:
                log.warning("round waits", round=one.id, why=str(error))
                await rounds.stuck(one.id, str(error))
                await asyncio.sleep(STUCK_SECONDS)

    async def _round(self, one: Round) -> None:
        """To its end, or to the slice at which a more urgent one came."""
        buckets = [one.bucket] if one.bucket else await asyncio.to_thread(self._objects.buckets)
        known = await days.prefixes(one.since)
        left = await asyncio.to_thread(slices, self._objects, buckets, known, one.since, one.after)
        await rounds.begin(one.id, one.slices_done + len(left))
        log.info("round begins", round=one.id, deep=one.deep, why=one.why, slices=len(left))
        for which in left:
            urgent = await rounds.first()
            if urgent is None or urgent.id != one.id:
                return
            await self._slice(one, which)
            await rounds.slice_done(one.id, which.mark)
        if not one.bucket:
            # Last, since it also heals some objects, and does not tell of all of them.
            await asyncio.to_thread(self._admin.heal_settings)
        await rounds.end(one.id)
        ended = await rounds.read(one.id)
        assert ended is not None
        log.info("round ended", round=one.id, looked=ended.looked, mended=ended.mended, unhealed=ended.unhealed)

    async def _slice(self, one: Round, which: Slice) -> None:
        for _ in range(TRIES):
            course = await self._healed(one, which)
            if course.course is Course.FINISHED:
                await unhealed.good_again(one.id, which.bucket, which.prefix)
                await self._conclusions.draw()
                return
            log.warning("slice begun again", bucket=which.bucket, prefix=which.prefix, why=str(course.course))
        raise StorageError(f"{which.bucket}/{which.prefix}: {course.detail or course.course}")

    async def _healed(self, one: Round, which: Slice) -> Batch:
        """Has one slice healed; the last answer."""
        place = which.bucket, which.prefix
        began, pause = time.monotonic(), SHORTEST
        token = await asyncio.to_thread(self._admin.heal, *place, one.deep)
        while True:
            if one.deep:
                began += await self._let_users_go_first()
            batch = await asyncio.to_thread(self._admin.more, *place, token)
            now = time.monotonic()
            objects = [result for result in batch.results if result.kind == "object"]
            await unhealed.note(one.id, objects)
            await rounds.note(one.id, objects, now - began)
            if batch.course is not Course.RUNNING:
                return batch
            pause = SHORTEST if objects else min(2 * pause, LONGEST)
            await asyncio.sleep(pause)
            began = now

    async def _let_users_go_first(self) -> float:
        """Waits while files wait to be processed, but not for ever; the seconds that took."""
        began = time.monotonic()
        while time.monotonic() - began < self._pause:
            row = await fetch_one(_WAITING)
            if not (row and row["busy"]):
                break
            await asyncio.sleep(min(RECHECK_SECONDS, self._pause))
        return time.monotonic() - began
