"""Rounds through storage: the server heals slice by slice, and what it says of each object version is kept.

The server keeps a thousand results and waits until they are fetched. So a scrub slows down by not fetching, and nothing
of a slice is lost with whoever fetches: that slice is begun again.
"""

import asyncio
import time
from typing import NamedTuple

from appliance.care import days, rounds, unhealed
from appliance.care.rounds import Round, Tally
from appliance.care.unhealed import Conclusions
from appliance.config import Settings
from appliance.ledger.database import fetch_one
from appliance.logs import log
from appliance.queue import BACKFILL, LANES
from ops.caretaker.slices import Slice, slices
from storage.admin import Admin, Course
from storage.errors import StorageError
from storage.inspection import Inspector
from storage.results import OBJECT, Result

SHORTEST, LONGEST = 0.02, 1.0  # seconds between two questions for results
TRIES = 3  # of a slice, before the round waits
RECONNECT_SECONDS = 120.0  # the longest that a slice waits for nodes to connect to drives that are back
RECHECK_SECONDS = 2.0
STUCK_SECONDS = 3.0  # storage does not answer, say
LANES_OF_PEOPLE = [lane for lane in LANES if lane != BACKFILL]
"""A file of a library may wait for months, and nobody waits for it."""
_WAITING = """
SELECT EXISTS (SELECT FROM ledger.assets WHERE state = 'uploaded' AND lane = ANY ($1) AND tries > 0) AS busy
"""


class Overtaken(Exception):
    """Something more urgent is to be done: the slice is begun again later."""


class Ended(NamedTuple):
    """How the healing of a slice ended; `waiting` object versions have a shard on a drive that was away."""

    course: Course
    detail: str
    unhealed: list[Result]
    waiting: int


class Walking:
    """`objects` lists every bucket there is."""

    def __init__(self, admin: Admin, objects: Inspector, conclusions: Conclusions, settings: Settings) -> None:
        self._admin = admin
        self._objects = objects
        self._conclusions = conclusions
        self._settings = settings
        self._cleared = False
        self._owed = 0.0  # seconds to be waited while users work, for what was fetched since the last wait

    async def clear(self) -> None:
        """Ends what the server still does for a caretaker that died: it waits for somebody to fetch its results, and
        lets nothing else be healed in its place. Raises Unavailable, StorageError.
        """
        for bucket, prefix in await rounds.left_over():
            await asyncio.to_thread(self._admin.stop, bucket, prefix)

    async def go_on(self) -> None:
        """Goes on with what was asked for, until nothing is left. Raises Unavailable."""
        while one := await rounds.first():
            try:
                if not self._cleared:
                    await self.clear()
                    self._cleared = True
                await self._round(one)
            except StorageError as error:
                log.warning("round waits", round=one.id, why=str(error))
                await rounds.stuck(one.id, str(error))
                await asyncio.sleep(STUCK_SECONDS)

    async def _round(self, one: Round) -> None:
        """To its end, or to the slice at which a more urgent one came."""
        there = await asyncio.to_thread(self._objects.buckets)
        buckets = [bucket for bucket in there if one.bucket in ("", bucket)]
        known = await days.prefixes(one.since)
        left = await asyncio.to_thread(slices, self._objects, buckets, known, one.since, one.after)
        await rounds.begin(one.id, one.slices_done + len(left))
        log.info("round begins", round=one.id, deep=one.deep, why=one.why, slices=len(left))
        try:
            for which in left:
                await self._first_of_all(one)
                await self._slice(one, which)
                await rounds.slice_done(one.id, which.mark)
        except Overtaken:
            return
        if not one.bucket:
            # Last, since it also heals some objects, and does not tell of all of them.
            await asyncio.to_thread(self._admin.heal_settings)
        await rounds.end(one.id)
        ended = await rounds.read(one.id)
        assert ended is not None
        log.info("round ended", round=one.id, looked=ended.looked, mended=ended.mended, unhealed=ended.unhealed)

    async def _first_of_all(self, one: Round) -> None:
        """Raises Overtaken unless nothing is more urgent."""
        urgent = await rounds.first()
        if urgent is None or urgent.id != one.id:
            raise Overtaken

    async def _slice(self, one: Round, which: Slice) -> None:
        """Has one slice healed, again if need be, and keeps what came of it."""
        fresh, tries = True, TRIES
        await rounds.doing(one.id, which.bucket, which.prefix)
        limit = time.monotonic() + RECONNECT_SECONDS
        while True:
            first, ended = fresh, await self._healed(one, which, fresh)
            fresh = False
            if ended.course is not Course.FINISHED:
                tries -= 1
                if not tries:
                    raise StorageError(f"{which.bucket}/{which.prefix}: {ended.detail or ended.course}")
                log.warning("slice begun again", bucket=which.bucket, prefix=which.prefix, why=str(ended.course))
            elif time.monotonic() < limit and await self._unsettled(ended, first):
                await asyncio.sleep(STUCK_SECONDS)
            else:
                break
        await rounds.note(one.id, Tally(unhealed=len(ended.unhealed), waiting=ended.waiting))
        await unhealed.note(one.id, ended.unhealed)
        await unhealed.good_again(one.id, which.bucket, which.prefix)
        await self._conclusions.draw()

    async def _unsettled(self, ended: Ended, first: bool) -> bool:
        """Whether a slice is to be healed once more, as its drives were not what the server took them for.

        Each node speaks for its own drives: one that is just back may say that they are well, while the others have
        yet to connect to them, and heal around them. On a drive that has just gone shards are missing at first, which
        wait for it a moment later.
        """
        if not ended.waiting and not (first and ended.unhealed):
            return False
        cluster = await asyncio.to_thread(self._admin.cluster)
        all_here = all(drive.here for drive in cluster.drives)
        return all_here if ended.waiting else not all_here

    async def _healed(self, one: Round, which: Slice, fresh: bool) -> Ended:
        """Has the server heal one slice, to its end. fresh: what it looks at was not counted yet."""
        place = which.bucket, which.prefix
        began, pause = time.monotonic(), SHORTEST
        bad: list[Result] = []
        waiting = 0
        token = await asyncio.to_thread(self._admin.heal, *place, one.deep)
        while True:
            if one.deep:
                began += await self._let_users_go_first(one, which)
            batch = await asyncio.to_thread(self._admin.more, *place, token)
            now = time.monotonic()
            objects = [result for result in batch.results if result.kind == OBJECT]
            self._owed += self._settings.now.scrub_pause_seconds / 1000 * len(objects)
            bad += [result for result in objects if result.unhealed]
            waiting += sum(result.waits for result in objects)
            await rounds.note(one.id, Tally.of(objects, fresh, now - began))
            if batch.course is not Course.RUNNING:
                return Ended(batch.course, batch.detail, bad, waiting)
            pause = SHORTEST if objects else min(2 * pause, LONGEST)
            await asyncio.sleep(pause)
            began = now

    async def _let_users_go_first(self, one: Round, which: Slice) -> float:
        """Waits while files wait to be processed, as long as what was fetched is worth; the seconds that took.

        A drive that comes back waits for no scrub.
        """
        began = time.monotonic()
        while (left := self._owed - (time.monotonic() - began)) > 0:
            row = await fetch_one(_WAITING, LANES_OF_PEOPLE)
            if not (row and row["busy"]):
                break
            try:
                await self._first_of_all(one)
            except Overtaken:
                await asyncio.to_thread(self._admin.stop, which.bucket, which.prefix)
                raise
            await asyncio.sleep(min(RECHECK_SECONDS, left))
        self._owed = 0.0
        return time.monotonic() - began
