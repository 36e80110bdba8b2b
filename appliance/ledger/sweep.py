"""The sweep: it starts from what is open in the ledger, and is what makes the promise true.

Each chore is one small round over rows that an index finds, so its cost follows what is open and never what is stored.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from appliance.accounts import owners
from appliance.config import Settings
from appliance.ledger.arrivals import Arrivals
from appliance.ledger.database import fetch
from appliance.ledger.failures import MISSING
from appliance.ledger.service import Bytes, Ledger
from appliance.ledger.sharing import Shares, shared
from appliance.logs import log
from appliance.metrics import count
from appliance.queue import BACKFILL, LANES, Queue, job_id
from storage import layout
from storage.objects import Objects, Stat, StorageError

# Slots of one owner that were opened in the same 65.536 seconds have the first 8 digits of their ids in common, and so
# their keys all but the last 28 characters. A listing of these costs what came in that minute, not what the day holds.
WITHIN = 28
MANY = 50  # open slots of one owner and minute, from which on one listing is cheaper than a look-up each
ERASE_AT_ONCE = 100
SILENT_SECONDS = 300.0  # after which what a host said of its files of workflows is forgotten
ERASE_AHEAD = 500  # assets of deleted projects are taken out of view while fewer than these wait to be erased

DOUBTS_AT_ONCE = 100
SILENCE_AT_ONCE = 5000  # messages
_DOUBTED = """
SELECT d.asset AS id, b.key, b.version_id FROM ledger.doubts d
JOIN ledger.assets a ON a.id = d.asset JOIN ledger.blobs b ON b.id = a.blob LIMIT $1
"""
CHATS_AT_ONCE = 200
_UNREAD = """
SELECT c.id FROM chats c WHERE c.unread_since <= now() - make_interval(secs => $1) ORDER BY c.unread_since LIMIT $2
"""

TOLD_WITHIN = timedelta(seconds=10)  # of an upload even the durable notification has come long before

Result = TypeVar("Result")
Held = tuple[UUID, Stat]  # an open slot, and what storage has for it
Chore = Callable[[], Awaitable[object]]


class Sweep:
    """The chores. `objects` may read, list with versions, and delete."""

    def __init__(self, ledger: Ledger, arrivals: Arrivals, queue: Queue, objects: Objects, settings: Settings) -> None:
        self._ledger = ledger
        self._arrivals = arrivals
        self._queue = queue
        self._objects = objects
        self._settings = settings
        self._threads = ThreadPoolExecutor(16, "sweep")

    async def find(self) -> int:
        """Looks for the bytes of open slots that are due; gives how many it found. Slots that ran out are closed."""
        now = self._settings.now
        rows = await fetch("SELECT * FROM ledger.look_up($1, $2)", now.sweep_look_ups, now.expiry_grace_seconds)
        if not rows:
            return 0
        held, silent = await self._held(rows)
        verdicts = await self._arrivals.take([_bytes(asset, stat) for asset, stat in held], "sweep")
        answered = {asset for asset, _ in held} | silent
        await self._expire([row["id"] for row in rows if row["overdue"] and row["id"] not in answered])
        moved = {verdict.asset for verdict in verdicts if verdict.verdict == "moved"}
        told_by = datetime.now(UTC) - TOLD_WITHIN
        count("lost_notifications", sum(asset in moved and stat.modified < told_by for asset, stat in held))
        return len(moved)

    async def _expire(self, overdue: Sequence[UUID]) -> None:
        """A degraded storage says 404 for objects that exist, so its word counts only while it is whole."""
        if overdue and await self._whole():
            await self._ledger.expire(overdue)

    async def _held(self, rows: Sequence[asyncpg.Record]) -> tuple[list[Held], set[UUID]]:
        """What storage holds of these slots, and those for which it gave no answer."""
        minutes: defaultdict[str, list[asyncpg.Record]] = defaultdict(list)
        for row in rows:
            minutes[_key(row)[:-WITHIN]].append(row)
        asked = [self._in_thread(self._looked_up, prefix, opened) for prefix, opened in minutes.items()]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        held: list[Held] = []
        silent: dict[UUID, str] = {}
        for opened, answer in zip(minutes.values(), answers, strict=True):
            if isinstance(answer, StorageError):
                silent |= {row["id"]: str(answer) for row in opened}
            elif isinstance(answer, BaseException):
                raise answer
            else:
                held += answer
        if silent:
            log.warning("not looked up", slots=len(silent), error=next(iter(silent.values())))
        return held, set(silent)

    def _looked_up(self, prefix: str, opened: Sequence[asyncpg.Record]) -> list[Held]:
        """What storage holds of slots whose keys begin with `prefix`. A look-up says whether there is something, only a
        listing what was there first.
        """
        if len(opened) < MANY:
            opened = [row for row in opened if self._objects.head(layout.ORIGINALS, _key(row))]
        return self._listed(prefix, {row["id"] for row in opened}) if opened else []

    def _listed(self, prefix: str, wanted: set[UUID]) -> list[Held]:
        versions: dict[UUID, Stat] = {}
        for stat in self._objects.list(layout.ORIGINALS, prefix, versions=True):
            place = layout.parse_original(stat.key)
            if place and place.asset_id in wanted and not stat.marker:
                # Newest first; the oldest is what was sent before any replay.
                versions[place.asset_id] = stat
        return list(versions.items())

    async def fill(self) -> None:
        """Keeps each lane's window filled from the ledger, oldest first, new work before what is tried again; puts back
        what Valkey lost. Of libraries, what is not to be done any more at this moment is taken out.
        """
        for lane in LANES:
            waiting = await self._queue.waiting(lane)
            if lane != BACKFILL and len(waiting) >= self._queue.window:
                continue
            jobs = {job_id(job[0], job[1]): job for job in await self._open(lane)}
            if lane == BACKFILL:
                # A library that came to others would wait for its share until they have used up theirs, and jobs of
                # one whose host is gone would be in the way of all.
                waiting -= await self._queue.withdraw(lane, waiting - jobs.keys())
            missing = [job for identity, job in jobs.items() if identity not in waiting]
            for job in missing[: max(0, self._queue.window - len(waiting))]:
                await self._queue.put(lane, *job)

    async def _open(self, lane: str) -> list[tuple[UUID, int, bool, float | None]]:
        """What the ledger has for a lane, as `Queue.put` takes it."""
        if lane == BACKFILL:
            rows = await fetch("SELECT * FROM ledger.open_backfill($1)", self._queue.window)
            return [(row["id"], row["attempt"], False, row["worth"] or 0.0) for row in rows]
        rows = await fetch("SELECT * FROM ledger.open_jobs($1, $2)", lane, self._queue.window)
        return [(row["id"], row["attempt"], row["behind"], None) for row in rows]

    async def give_up(self) -> None:
        """Ends what has used up its tries."""
        for asset in await self._ledger.give_up():
            log.error("gave up", asset=str(asset))
            count("gave_up")

    async def settle_doubts(self) -> None:
        """Looks for originals that somebody did not find; what is gone says so from now on."""
        rows = await fetch(_DOUBTED, DOUBTS_AT_ONCE)
        if not rows or not await self._whole():
            return
        found = await asyncio.gather(*(self._in_thread(self._is_there, row) for row in rows))
        if not await self._whole():
            return  # it may have been degraded already when it said what there was
        gone = [row["id"] for row, there in zip(rows, found, strict=True) if there is False]
        if gone:
            missed = await self._ledger.miss(gone, MISSING)
            log.error("originals are gone from storage", assets=len(missed), first=str(gone[0]))
        settled = [row["id"] for row, there in zip(rows, found, strict=True) if there is not None]
        await fetch("DELETE FROM ledger.doubts WHERE asset = ANY ($1)", settled)

    def _is_there(self, row: asyncpg.Record) -> bool | None:
        """None: storage does not say."""
        try:
            return self._objects.head(layout.ORIGINALS, row["key"], row["version_id"]) is not None
        except StorageError:
            return None

    async def drop_unclaimed(self) -> None:
        """Takes out of view what was sent for a chat and never said."""
        if dropped := await self._ledger.drop_unclaimed(self._settings.now.unclaimed_seconds):
            log.info("unclaimed files removed", files=len(dropped))

    async def tell_unread(self) -> None:
        """Tells the projects of chats of those who have not read for long what was said there."""
        if not (seconds := self._settings.now.unread_seconds):
            return
        for row in await fetch(_UNREAD, seconds, CHATS_AT_ONCE):
            if told := await self._ledger.tell_unread(row["id"], seconds):
                log.info("unread for long", chat=row["id"], members=told)

    async def forget_broken(self) -> None:
        """Forgets which files were no workflows on hosts that are gone."""
        seconds = max(SILENT_SECONDS, 3 * self._settings.now.library_look_seconds)
        await fetch("SELECT * FROM ledger.library_forget_broken($1)", seconds)

    async def erase(self) -> int:
        """Removes the bytes of deleted assets, and what was written to their keys since, without a pause while there is
        more; gives how many were looked at.
        """
        looked = done = await self._erase_some()
        while done >= ERASE_AT_ONCE:
            done = await self._erase_some()
            looked += done
        return looked

    async def _erase_some(self) -> int:
        rows = await fetch("SELECT * FROM ledger.erase_due($1)", ERASE_AT_ONCE)
        if not rows or not await self._whole():
            return 0  # what a degraded storage does not list may be there
        shares = await shared([row["id"] for row in rows], [_key(row) for row in rows])
        done = await asyncio.gather(*(self._in_thread(self._purge, row, shares) for row in rows))
        kept = [(row, error) for row, error in zip(rows, done, strict=True) if error]
        if kept:
            log.warning("not erased", assets=len(kept), first=str(kept[0][0]["id"]), error=str(kept[0][1]))
        if not await self._whole():
            return 0  # it may have been degraded already when it said what there was
        for row, error in zip(rows, done, strict=True):
            if error:
                continue
            if row["state"] == "deleting":
                await self._ledger.bury(row["id"])
            elif row["last"]:
                await fetch("DELETE FROM ledger.assets WHERE id = $1 AND state = 'deleted'", row["id"])
        return len(rows)

    def _purge(self, row: asyncpg.Record, shares: Shares) -> StorageError | None:
        """Removes all of one asset; where storage refuses, that row is due again soon, and holds up no other."""
        place = (row["root"], row["owner"], row["folder"], row["id"])
        try:
            removed = self._objects.purge(layout.VERSIONS, layout.asset_prefix(*place))
            removed += shares.purge(self._objects, row["id"], layout.original_key(*place))
        except StorageError as error:
            return error
        if removed and row["state"] == "deleted":
            log.info("written after deletion, removed", asset=str(row["id"]), object_versions=removed)
        return None

    async def erase_owners(self) -> None:
        """Takes the assets of deleted owners out of view, and users out of their chats; forgets the owners that have
        none left.
        """
        await self._ledger.leave_deleted()
        if leaving := await owners.leaving(ERASE_AHEAD):
            await self._ledger.remove(leaving)
        await owners.silence(SILENCE_AT_ONCE)
        for gone in await owners.forget():
            log.info("deleted owner is gone", **{gone.noun: gone.id})

    async def _whole(self) -> bool:
        return await self._in_thread(self._objects.whole)

    async def _in_thread(self, call: Callable[..., Result], *args: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)


def _key(row: asyncpg.Record) -> str:
    return layout.original_key(row["root"], row["owner"], row["folder"], row["id"])


def _bytes(asset: UUID, stat: Stat) -> Bytes:
    return Bytes(asset, stat.key, stat.version_id or "", stat.size, stat.etag)


def chores(sweep: Sweep) -> Iterable[Chore]:
    """All that a sweep does, over and over."""
    return (
        *(sweep.fill, sweep.find, sweep.give_up, sweep.settle_doubts),
        *(sweep.drop_unclaimed, sweep.tell_unread, sweep.erase, sweep.erase_owners, sweep.forget_broken),
    )
