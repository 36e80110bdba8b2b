"""What is done with originals that are kept: brought back where somebody asks, let go of when their time is over."""

import asyncio
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from appliance.errors import Unavailable
from appliance.ledger.database import fetch
from appliance.ledger.service import Ledger
from appliance.library.catalogue import Library, digest
from appliance.library.keeping import Brought, Keeping, Now
from appliance.library.originals.expiring import Expired
from appliance.library.originals.hindrances import Hindrance, NotDone
from appliance.library.plugins import cut
from appliance.library.shelf import Shelf
from appliance.logs import log

AT_ONCE = 50
LATER_SECONDS = 60.0
SELDOM_SECONDS = 600.0  # between two looks whether the time of an original is over
LATER = frozenset({Hindrance.BUSY, Hindrance.IN_USE, Hindrance.AWAY})
_WANTED = """
SELECT a.id FROM ledger.library_files f JOIN ledger.assets a ON a.id = f.asset
WHERE a.lane = 'backfill' AND a.state IN ('uploaded', 'processing') AND f.record ? 'made'
"""
_WAITING = """
SELECT DISTINCT library FROM ledger.library_results
WHERE undo_asked_at IS NOT NULL AND undone_at IS NULL AND undo_problem IS NULL AND library = ANY ($1)
"""
# What should be gone for an hour: of those whose worker died before it said so.
_OVERDUE = """
SELECT asset, path FROM ledger.library_results
WHERE library = $1 AND kept_until < now() - interval '1 hour' AND freed_at IS NULL AND undone_at IS NULL
ORDER BY kept_until LIMIT $2
"""
_PROBLEM = "UPDATE ledger.library_results SET undo_problem = $2 WHERE asset = $1"


class Upkeep:
    """Of the libraries that this worker has mounted."""

    def __init__(self, ledger: Ledger, shelf: Shelf) -> None:
        self._ledger, self._shelf = ledger, shelf
        self._recovered = set[int]()
        self._looked = dict[int, float]()
        self._kept = set[UUID | None]()
        self._later = dict[int, float]()

    async def look(self) -> None:
        """One round, also of libraries that nothing may be written to any more: what is kept is kept. Raises
        Unavailable.
        """
        libraries = dict(self._shelf.libraries)
        asked = await fetch("SELECT * FROM ledger.library_asked_back($1, $2)", list(libraries), AT_ONCE)
        for row in asked:
            await self._one(self._undo(libraries[row["library"]], row["asset"], row["path"]), row["asset"])
        # What somebody wants back and could not have yet must not go meanwhile.
        waiting = {row["library"] for row in await fetch(_WAITING, list(libraries))}
        for library in libraries.values():
            if time.monotonic() >= self._later.get(library.id, 0.0):
                await self._looked_after(library, expiring=library.id not in waiting)

    async def _looked_after(self, library: Library, expiring: bool) -> None:
        try:
            await self._recover(library)
            if expiring:
                await self._expire(library)
        except OSError as error:  # a disk, or a bucket, that gives no answer: the others go on
            self._later[library.id] = time.monotonic() + LATER_SECONDS
            why = error.strerror or type(error).__name__
            log.error("originals not looked after", library=library.workflow.name, reason=why)

    async def _one(self, doing: Awaitable[None], asset: UUID) -> None:
        """So that what is wrong with one file keeps no other from its turn. Raises Unavailable."""
        try:
            await doing
        except Unavailable:
            raise
        except Exception as error:
            log.error("not brought back", asset=str(asset), exc_info=error)
            await fetch(_PROBLEM, asset, cut(f"{type(error).__name__}: {error}"))

    async def _recover(self, library: Library) -> None:
        """What was broken off by the end of a worker, once: afterwards each sees to its own."""
        if library.id in self._recovered:
            return
        wanted = await _wanted()
        for one in await asyncio.to_thread(self._keeping(library).recover, wanted):
            log.warning("what was broken off has come to its end", library=library.workflow.name, **_told(one))
        self._recovered.add(library.id)

    async def _expire(self, library: Library) -> None:
        now = time.monotonic()
        if now < self._looked.get(library.id, 0.0) + SELDOM_SECONDS and library.id in self._looked:
            return
        self._looked[library.id] = now
        keeping = self._keeping(library)
        await asyncio.to_thread(keeping.clear_left, await _wanted())
        entries = keeping.expire(datetime.now(UTC))
        # One by one: what is gone from the disk is known as such at once.
        while (one := await asyncio.to_thread(next, entries, None)) is not None:
            if isinstance(one, Expired):
                await self._freed(one.asset)
            elif one.asset not in self._kept:
                self._kept.add(one.asset)
                log.error("an original is kept beyond its time", library=library.workflow.name, **_told(one))
        for row in await fetch(_OVERDUE, library.id, AT_ONCE):
            if await asyncio.to_thread(keeping.let_go, row["path"], row["asset"]):
                await self._freed(row["asset"])

    async def _freed(self, asset: UUID) -> None:
        self._ledger.told(await fetch("SELECT * FROM ledger.library_freed($1)", [asset]))
        log.info("original let go", asset=str(asset))

    def _keeping(self, library: Library) -> Keeping:
        return self._shelf.keepings.of(library.workflow)

    async def _undo(self, library: Library, asset: UUID, path: bytes) -> None:
        done = await asyncio.to_thread(self._keeping(library).undo, path, asset)
        if isinstance(done, NotDone) and done.why is Hindrance.GONE:
            done = await self._was_undone(library, asset, path) or done
        if isinstance(done, NotDone):
            if done.why not in LATER:
                await fetch(_PROBLEM, asset, cut(done.reason))
            log.warning("not brought back", asset=str(asset), reason=done.reason)
            return
        self._ledger.told(await fetch("SELECT * FROM ledger.library_undone($1, $2::jsonb)", asset, _now(done.now)))
        log.info("brought back", asset=str(asset), aside=done.aside)

    async def _was_undone(self, library: Library, asset: UUID, path: bytes) -> Brought | None:
        """Where it had been brought back when somebody died who had not said so yet."""
        [row] = await fetch("SELECT before_sha256 FROM ledger.library_results WHERE asset = $1", asset)
        now = await asyncio.to_thread(self._keeping(library).as_it_was, path, row["before_sha256"] or "")
        return Brought(now, None) if now else None


async def _wanted() -> set[UUID]:
    """Whose results a later attempt goes on with, of all libraries: two may share a file system."""
    return {row["id"] for row in await fetch(_WANTED)}


def _now(now: Now) -> str:
    """The original as it is again, as the ledger takes it."""
    told = {"digest": digest(now.path).hex(), "path": now.path.hex(), "size": now.size, "version": now.version}
    return msgspec.json.encode(told).decode()


def _told(one: Any) -> dict[str, Any]:
    return {name: str(value) for name, value in one._asdict().items()}
