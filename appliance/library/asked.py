"""What somebody asks of originals that are kept: to have them back, or to let go of them before their time or after."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
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
from appliance.library.wanted import RELEASED, UNDONE, Original, Wanted
from appliance.logs import log

ROUND_SECONDS = 30.0
"""For so long one library is gone on with before it is the turn of other work."""
LATER = frozenset({Hindrance.BUSY, Hindrance.IN_USE, Hindrance.AWAY})
_UNDO_PROBLEM = "UPDATE ledger.library_results SET undo_problem = $2 WHERE asset = $1"
_RELEASE_PROBLEM = "UPDATE ledger.library_results SET release_problem = $2 WHERE asset = $1"

Doing = Callable[[Library, Original], Awaitable[Hindrance | None]]


class Asked:
    """whole: whether the appliance's own storage finds all that it has; blocks."""

    def __init__(self, ledger: Ledger, keepings: Keepings, whole: Callable[[], bool]) -> None:
        self._ledger, self._keepings, self._whole = ledger, keepings, whole
        self._back, self._free = Wanted(UNDONE), Wanted(RELEASED)

    async def look(self, libraries: Iterable[Library]) -> None:
        """One round of what is asked of these. Raises Unavailable."""
        for library in libraries:
            await self._round(library, self._back, self._undo, _UNDO_PROBLEM)
            await self._round(library, self._free, self._release, _RELEASE_PROBLEM)

    async def here(self, library: Library) -> bool:
        """Whether an original that something is asked of surely lies where this worker is. Raises Unavailable."""
        keeping = self._keepings.of(library.workflow)
        for one in (*await self._back.first(library.id), *await self._free.first(library.id)):
            with suppress(OSError):
                if await asyncio.to_thread(keeping.keeps, one.path, one.asset):
                    return True
        return False

    async def _round(self, library: Library, wanted: Wanted, do: Doing, problem: str) -> None:
        """Until nothing is left, or a disk or a bucket gives no answer: the others lie there as well."""
        until = time.monotonic() + ROUND_SECONDS
        async for one in wanted.of(library.id):
            why = await self._one(do(library, one), one.asset, problem)
            if why is Hindrance.AWAY or time.monotonic() > until:
                return

    async def _one(self, doing: Awaitable[Hindrance | None], asset: UUID, problem: str) -> Hindrance | None:
        """So that what is wrong with one file keeps no other from its turn. Raises Unavailable."""
        try:
            return await doing
        except Unavailable:
            raise
        except Exception as error:
            log.error("original not brought back or let go", asset=str(asset), exc_info=error)
            await fetch(problem, asset, cut(f"{type(error).__name__}: {error}"))
            return Hindrance.FAILED

    async def _undo(self, library: Library, one: Original) -> Hindrance | None:
        keeping, (asset, path) = self._keepings.of(library.workflow), one
        done = await asyncio.to_thread(keeping.undo, path, asset)
        if isinstance(done, NotDone) and done.why is Hindrance.GONE:
            done = await self._was_undone(keeping, asset, path) or done
        if isinstance(done, NotDone):
            if done.why not in LATER:
                await fetch(_UNDO_PROBLEM, asset, cut(done.reason))
            log.warning("not brought back", asset=str(asset), reason=done.reason)
            return done.why
        self._ledger.told(await fetch("SELECT * FROM ledger.library_undone($1, $2::jsonb)", asset, _now(done.now)))
        log.info("brought back", asset=str(asset), aside=done.aside)
        return None

    async def _was_undone(self, keeping: Keeping, asset: UUID, path: bytes) -> Brought | None:
        """Where it had been brought back when somebody died who had not said so yet."""
        [row] = await fetch("SELECT before_sha256 FROM ledger.library_results WHERE asset = $1", asset)
        now = await asyncio.to_thread(keeping.as_it_was, path, row["before_sha256"] or "")
        return Brought(now, None) if now else None

    async def _release(self, library: Library, one: Original) -> Hindrance | None:
        keeping, (asset, path) = self._keepings.of(library.workflow), one
        if keeping.ours and not await asyncio.to_thread(self._whole):
            log.warning("not let go", asset=str(asset), reason="storage lacks drives, and finds not all that it has")
            return Hindrance.AWAY
        done = await asyncio.to_thread(keeping.release, path, asset)
        if isinstance(done, NotDone) and not (done.why is Hindrance.GONE and await self._gone(keeping, asset, path)):
            if done.why not in LATER:
                await fetch(_RELEASE_PROBLEM, asset, cut(done.reason))
            log.warning("not let go", asset=str(asset), reason=done.reason)
            return done.why
        self._ledger.told(await fetch("SELECT * FROM ledger.library_freed($1, 'released')", [asset]))
        log.warning("original let go of, nothing whole took its place", asset=str(asset), library=library.workflow.name)
        return None

    async def _gone(self, keeping: Keeping, asset: UUID, path: bytes) -> bool:
        """Where it had been let go of when somebody died who had not said so yet."""
        return await asyncio.to_thread(keeping.let_go, path, asset)


def _now(now: Now) -> str:
    """The original as it is again, as the ledger takes it."""
    told = {"digest": digest(now.path).hex(), "path": now.path.hex(), "size": now.size, "version": now.version}
    return msgspec.json.encode(told).decode()
