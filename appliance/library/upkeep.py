"""What is done with originals that are kept: brought back where somebody asks, let go of when their time is over."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from appliance.ledger.database import fetch
from appliance.ledger.service import Ledger
from appliance.library.catalogue import Library, digest
from appliance.library.keeping import Keeping, Now
from appliance.library.originals.expiring import Expired
from appliance.library.originals.hindrances import Hindrance, NotDone
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
_PROBLEM = "UPDATE ledger.library_results SET undo_problem = $2 WHERE asset = $1"


class Upkeep:
    """Of the libraries that this worker has mounted."""

    def __init__(self, ledger: Ledger, shelf: Shelf) -> None:
        self._ledger, self._shelf = ledger, shelf
        self._recovered = set[int]()
        self._looked = dict[int, float]()
        self._later = dict[int, float]()

    async def look(self) -> None:
        """One round. Raises Unavailable."""
        libraries = {one.id: one for one in self._shelf.libraries.values() if one.workflow.replace.allowed}
        for library in libraries.values():
            if time.monotonic() >= self._later.get(library.id, 0.0):
                try:
                    await self._recover(library)
                    await self._expire(library)
                except OSError as error:  # a bucket that gives no answer, say: the others go on
                    self._later[library.id] = time.monotonic() + LATER_SECONDS
                    why = error.strerror or type(error).__name__
                    log.error("originals not looked after", library=library.workflow.name, reason=why)
        if libraries:
            for row in await fetch("SELECT * FROM ledger.library_asked_back($1, $2)", list(libraries), AT_ONCE):
                await self._undo(libraries[row["library"]], row["asset"], row["path"])

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
        gone = await asyncio.to_thread(keeping.expire, datetime.now(UTC))
        freed = [one.asset for one in gone if isinstance(one, Expired)]
        for one in gone:
            if isinstance(one, NotDone):
                log.error("an original is kept beyond its time", library=library.workflow.name, **_told(one))
        if freed:
            self._ledger.told(await fetch("SELECT * FROM ledger.library_freed($1)", freed))
            log.info("originals let go", library=library.workflow.name, files=len(freed))

    def _keeping(self, library: Library) -> Keeping:
        return self._shelf.keepings.of(library.workflow)

    async def _undo(self, library: Library, asset: UUID, path: bytes) -> None:
        done = await asyncio.to_thread(self._keeping(library).undo, path, asset)
        if isinstance(done, NotDone):
            if done.why not in LATER:
                await fetch(_PROBLEM, asset, done.reason)
            log.warning("not brought back", asset=str(asset), reason=done.reason)
            return
        self._ledger.told(await fetch("SELECT * FROM ledger.library_undone($1, $2::jsonb)", asset, _now(done.now)))
        log.info("brought back", asset=str(asset), aside=done.aside)


async def _wanted() -> set[UUID]:
    """Whose results a later attempt goes on with, of all libraries: two may share a file system."""
    return {row["id"] for row in await fetch(_WANTED)}


def _now(now: Now) -> str:
    """The original as it is again, as the ledger takes it."""
    told = {"digest": digest(now.path).hex(), "path": now.path.hex(), "size": now.size, "version": now.version}
    return msgspec.json.encode(told).decode()


def _told(one: Any) -> dict[str, Any]:
    return {name: str(value) for name, value in one._asdict().items()}
