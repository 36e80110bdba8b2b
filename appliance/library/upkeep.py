"""What is done with originals that are kept: let go of when their time is over, or as somebody asks."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from appliance.ledger.database import fetch
from appliance.ledger.service import Ledger
from appliance.library.asked import LATER, Asked
from appliance.library.catalogue import Library
from appliance.library.keeping import Keeping
from appliance.library.originals.expiring import Expired
from appliance.library.originals.hindrances import Hindrance, NotDone
from appliance.library.orphans import orphans
from appliance.library.plugins import cut
from appliance.library.shelf import Shelf
from appliance.logs import log

LATER_SECONDS = 60.0
AT_ONCE = 50
SELDOM_SECONDS = 600.0  # between two looks whether the time of an original is over
_WANTED = """
SELECT a.id FROM ledger.library_files f JOIN ledger.assets a ON a.id = f.asset
WHERE a.lane = 'backfill' AND a.state IN ('uploaded', 'processing') AND f.record ? 'made'
"""
# The first of each, by its index: for an EXISTS all results are read once many of them are wanted back.
_WAITING = """
SELECT l.id AS library FROM unnest($1::integer[]) l (id), LATERAL (
    SELECT FROM ledger.library_results r
    WHERE r.library = l.id AND r.undo_asked_at IS NOT NULL AND r.undone_at IS NULL AND r.undo_problem IS NULL
    ORDER BY r.undo_asked_at, r.asset LIMIT 1
) wanted
"""
# What should be gone for an hour, and nothing is said to keep it: of those whose worker died before it said so.
_OVERDUE = """
SELECT asset, path FROM ledger.library_results
WHERE library = $1 AND kept_until < now() - interval '1 hour' AND freed_at IS NULL AND undone_at IS NULL
    AND kept_problem IS NULL
ORDER BY kept_until LIMIT $2
"""


class Upkeep:
    """Of the libraries that this worker has mounted; and, where somebody asks, of those that nobody has any more and
    whose originals lie here. whole: whether the appliance's own storage finds all that it has; blocks.
    """

    def __init__(self, ledger: Ledger, shelf: Shelf, whole: Callable[[], bool]) -> None:
        self._ledger, self._shelf = ledger, shelf
        self._asked = Asked(ledger, shelf.keepings, whole)
        self._recovered = set[int]()
        self._looked = dict[int, float]()
        self._kept = set[UUID | None]()
        self._later = dict[int, float]()

    async def look(self) -> None:
        """One round, also of libraries that nothing may be written to any more: what is kept is kept. Raises
        Unavailable.
        """
        libraries = dict(self._shelf.libraries)
        await self._each(libraries.values(), self._recover)
        await self._asked.look(libraries.values())
        # What somebody wants back and could not have yet must not go meanwhile.
        waiting = {row["library"] for row in await fetch(_WAITING, list(libraries))}
        whole = self._recovered - waiting
        await self._each([one for one in libraries.values() if one.id in whole], self._expire)
        for orphan in await orphans(libraries):
            if await self._asked.here(orphan):
                await self._each([orphan], self._recover)
                await self._asked.look([orphan])

    async def _each(self, libraries: Iterable[Library], do: Callable[[Library], Awaitable[None]]) -> None:
        for library in libraries:
            if time.monotonic() < self._later.get(library.id, 0.0):
                continue
            try:
                await do(library)
            except OSError as error:  # a disk, or a bucket, that gives no answer: the others go on
                self._later[library.id] = time.monotonic() + LATER_SECONDS
                why = error.strerror or type(error).__name__
                log.error("originals not looked after", library=library.workflow.name, reason=why)

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
        entries, held = keeping.expire(datetime.now(UTC)), dict[UUID, str | None]()
        # One by one: what is gone from the disk is known as such at once.
        while (one := await asyncio.to_thread(next, entries, None)) is not None:
            if isinstance(one, Expired):
                await self._freed(one.asset)
            elif one.asset is not None:
                held[one.asset] = None if one.why in LATER else cut(one.reason)
                self._say(library, one)
        await fetch("SELECT ledger.library_held($1, $2, $3)", library.id, list(held), list(held.values()))
        for row in await fetch(_OVERDUE, library.id, AT_ONCE):
            if await asyncio.to_thread(keeping.let_go, row["path"], row["asset"]):
                await self._freed(row["asset"])

    def _say(self, library: Library, one: NotDone) -> None:
        """Once."""
        if one.why is not Hindrance.BUSY and one.asset not in self._kept:
            self._kept.add(one.asset)
            log.error("an original is kept beyond its time", library=library.workflow.name, **_told(one))

    async def _freed(self, asset: UUID) -> None:
        self._ledger.told(await fetch("SELECT * FROM ledger.library_freed($1)", [asset]))
        log.info("original let go", asset=str(asset))

    def _keeping(self, library: Library) -> Keeping:
        return self._shelf.keepings.of(library.workflow)


async def _wanted() -> set[UUID]:
    """Whose results a later attempt goes on with, of all libraries: two may share a file system."""
    return {row["id"] for row in await fetch(_WANTED)}


def _told(one: Any) -> dict[str, Any]:
    return {name: str(value) for name, value in one._asdict().items()}
