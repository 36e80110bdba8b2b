"""What somebody asks of originals that are kept: to have them back, or to let go of them before their time or after."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

import msgspec

from appliance.errors import Unavailable
from appliance.ledger.database import fetch
from appliance.ledger.service import Ledger
from appliance.library.catalogue import Library, digest
from appliance.library.keeping import Brought, Keeping, Now
from appliance.library.keepings import Keepings
from appliance.library.originals.hindrances import Hindrance, NotDone
from appliance.library.plugins import cut
from appliance.logs import log

AT_ONCE = 50
LATER = frozenset({Hindrance.BUSY, Hindrance.IN_USE, Hindrance.AWAY})
_RELEASING = """
SELECT asset, library, path FROM ledger.library_results
WHERE release_asked_at IS NOT NULL AND release_problem IS NULL AND freed_at IS NULL AND undone_at IS NULL
    AND library = ANY ($1)
ORDER BY release_asked_at LIMIT $2
"""
_UNDO_PROBLEM = "UPDATE ledger.library_results SET undo_problem = $2 WHERE asset = $1"
_RELEASE_PROBLEM = "UPDATE ledger.library_results SET release_problem = $2 WHERE asset = $1"


class Asked:
    """whole: whether the appliance's own storage finds all that it has; blocks."""

    def __init__(self, ledger: Ledger, keepings: Keepings, whole: Callable[[], bool]) -> None:
        self._ledger, self._keepings, self._whole = ledger, keepings, whole

    async def look(self, libraries: Iterable[Library]) -> None:
        """One round of what is asked of these. Raises Unavailable."""
        of = {library.id: library for library in libraries}
        for row in await _undoing(of):
            doing = self._undo(of[row["library"]], row["asset"], row["path"])
            await self._one(doing, row["asset"], _UNDO_PROBLEM)
        for row in await _releasing(of):
            doing = self._release(of[row["library"]], row["asset"], row["path"])
            await self._one(doing, row["asset"], _RELEASE_PROBLEM)

    async def here(self, library: Library) -> bool:
        """Whether an original that something is asked of surely lies where this worker is. Raises Unavailable."""
        keeping = self._keepings.of(library.workflow)
        for row in (*await _undoing([library.id]), *await _releasing([library.id])):
            with suppress(OSError):
                if await asyncio.to_thread(keeping.keeps, row["path"], row["asset"]):
                    return True
        return False

    async def _one(self, doing: Awaitable[None], asset: UUID, problem: str) -> None:
        """So that what is wrong with one file keeps no other from its turn. Raises Unavailable."""
        try:
            await doing
        except Unavailable:
            raise
        except Exception as error:
            log.error("original not brought back or let go", asset=str(asset), exc_info=error)
            await fetch(problem, asset, cut(f"{type(error).__name__}: {error}"))

    async def _undo(self, library: Library, asset: UUID, path: bytes) -> None:
        keeping = self._keepings.of(library.workflow)
        done = await asyncio.to_thread(keeping.undo, path, asset)
        if isinstance(done, NotDone) and done.why is Hindrance.GONE:
            done = await self._was_undone(keeping, asset, path) or done
        if isinstance(done, NotDone):
            if done.why not in LATER:
                await fetch(_UNDO_PROBLEM, asset, cut(done.reason))
            log.warning("not brought back", asset=str(asset), reason=done.reason)
            return
        self._ledger.told(await fetch("SELECT * FROM ledger.library_undone($1, $2::jsonb)", asset, _now(done.now)))
        log.info("brought back", asset=str(asset), aside=done.aside)

    async def _was_undone(self, keeping: Keeping, asset: UUID, path: bytes) -> Brought | None:
        """Where it had been brought back when somebody died who had not said so yet."""
        [row] = await fetch("SELECT before_sha256 FROM ledger.library_results WHERE asset = $1", asset)
        now = await asyncio.to_thread(keeping.as_it_was, path, row["before_sha256"] or "")
        return Brought(now, None) if now else None

    async def _release(self, library: Library, asset: UUID, path: bytes) -> None:
        keeping = self._keepings.of(library.workflow)
        if keeping.ours and not await asyncio.to_thread(self._whole):
            log.warning("not let go", asset=str(asset), reason="storage lacks drives, and finds not all that it has")
            return
        done = await asyncio.to_thread(keeping.release, path, asset)
        if isinstance(done, NotDone) and not (done.why is Hindrance.GONE and await self._gone(keeping, asset, path)):
            if done.why not in LATER:
                await fetch(_RELEASE_PROBLEM, asset, cut(done.reason))
            log.warning("not let go", asset=str(asset), reason=done.reason)
            return
        self._ledger.told(await fetch("SELECT * FROM ledger.library_freed($1, 'released')", [asset]))
        log.warning("original let go of, nothing whole took its place", asset=str(asset), library=library.workflow.name)

    async def _gone(self, keeping: Keeping, asset: UUID, path: bytes) -> bool:
        """Where it had been let go of when somebody died who had not said so yet."""
        return await asyncio.to_thread(keeping.let_go, path, asset)


async def _undoing(libraries: Iterable[int]) -> list[Any]:
    return await fetch("SELECT * FROM ledger.library_asked_back($1, $2)", list(libraries), AT_ONCE)


async def _releasing(libraries: Iterable[int]) -> list[Any]:
    return await fetch(_RELEASING, list(libraries), AT_ONCE)


def _now(now: Now) -> str:
    """The original as it is again, as the ledger takes it."""
    told = {"digest": digest(now.path).hex(), "path": now.path.hex(), "size": now.size, "version": now.version}
    return msgspec.json.encode(told).decode()
