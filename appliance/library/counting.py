"""What is to be done in a library and what was, in figures: counted anew for who asks, yet never all the time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import msgspec

from appliance.ledger.database import fetch_one

MANY = 10_000
"""Files from which on figures are remembered: fewer are counted in some milliseconds."""
SHARE = 20
"""For so many times as long as it took to count them: a twentieth of one core, however many ask."""
# Three sums by three indexes: a join of all that waits with what is known of it would read all of both.
_OPEN = """
WITH queued AS (
    SELECT count(*) FILTER (WHERE a.state = 'uploaded') AS waiting,
        count(*) FILTER (WHERE a.state = 'processing') AS under_way
    FROM ledger.assets a
    WHERE a.lane = 'backfill' AND a.folder = ledger.library_folder($1) AND a.worth IS NOT NULL
        AND a.state IN ('uploaded', 'processing')
), wanted AS (
    SELECT coalesce(sum(f.size), 0) AS bytes, coalesce(sum(f.estimated_bytes), 0) AS becomes,
        coalesce(sum(f.estimated_cpu_seconds), 0) AS cpu_seconds
    FROM ledger.library_files f WHERE f.library = $1 AND f.why IS NULL AND f.asset IS NOT NULL
), failed AS (
    SELECT count(*) AS files, coalesce(sum(f.size) FILTER (WHERE f.why IS NULL), 0) AS bytes,
        coalesce(sum(f.estimated_bytes) FILTER (WHERE f.why IS NULL), 0) AS becomes,
        coalesce(sum(f.estimated_cpu_seconds) FILTER (WHERE f.why IS NULL), 0) AS cpu_seconds
    FROM ledger.assets a JOIN ledger.library_files f ON f.asset = a.id AND f.library = $1
    WHERE a.lane = 'backfill' AND a.folder = ledger.library_folder($1) AND a.worth IS NOT NULL AND a.state = 'error'
)
SELECT q.waiting, q.under_way, f.files AS failed, (w.bytes - f.bytes)::bigint AS bytes,
    (w.becomes - f.becomes)::bigint AS estimated_bytes, greatest(w.cpu_seconds - f.cpu_seconds, 0) AS cpu_seconds
FROM queued q, wanted w, failed f
"""
_DONE = """
SELECT count(*) FILTER (WHERE r.taken) AS replaced, count(*) FILTER (WHERE r.outcome = 'kept') AS kept,
    count(*) FILTER (WHERE r.undone_at IS NOT NULL) AS undone,
    coalesce(sum(r.less) FILTER (WHERE r.freed_at IS NOT NULL), 0)::bigint AS saved_bytes,
    coalesce(sum(r.less) FILTER (WHERE r.taken AND r.freed_at IS NULL), 0)::bigint AS saved_later_bytes,
    coalesce(sum(r.before_bytes) FILTER (WHERE r.taken AND r.freed_at IS NULL), 0)::bigint AS kept_bytes,
    count(*) FILTER (WHERE r.held) AS held,
    coalesce(sum(r.before_bytes) FILTER (WHERE r.held), 0)::bigint AS held_bytes,
    coalesce(sum(r.cpu_seconds), 0) AS cpu_seconds
FROM (
    SELECT *, outcome = 'replaced' AND undone_at IS NULL AS taken, kept_problem IS NOT NULL AS held,
        (before_bytes - after_bytes) * raw_factor AS less
    FROM ledger.library_results WHERE library = $1
) r
"""


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done: files and their bytes; estimated_bytes: of what they become; cpu_seconds: of one core."""

    waiting: int
    under_way: int
    failed: int
    bytes: int
    estimated_bytes: int
    cpu_seconds: float


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    """What was done. saved_bytes: on disks, once originals are gone; saved_later_bytes: once those are that are kept
    for now, which take kept_bytes. held: of these, how many are kept beyond their time, since what took their place is
    not there any more as it was made; held_bytes: of them.
    """

    replaced: int
    kept: int
    undone: int
    saved_bytes: int
    saved_later_bytes: int
    kept_bytes: int
    held: int
    held_bytes: int
    cpu_seconds: float


class Counted(NamedTuple):
    ahead: Ahead
    behind: Behind

    @property
    def files(self) -> int:
        """That were gone through for it."""
        ahead, behind = self.ahead, self.behind
        done = behind.replaced + behind.kept + behind.undone
        return ahead.waiting + ahead.under_way + ahead.failed + done


async def count(library: int) -> Counted:
    """By the ledger as it is. Raises Unavailable."""
    ahead, behind = await fetch_one(_OPEN, library), await fetch_one(_DONE, library)
    assert ahead is not None
    assert behind is not None
    return Counted(Ahead(**ahead), Behind(**behind))


class Counting:
    """Figures of libraries, for a process in which many may ask at once, each of whom may lose patience."""

    def __init__(
        self, count: Callable[[int], Awaitable[Counted]] = count, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._count, self._clock = count, clock
        self._known: dict[int, tuple[float, Counted]] = {}
        self._under_way: dict[int, asyncio.Task[Counted]] = {}

    async def of(self, library: int) -> Counted:
        """As they are; of many files they may be as old as SHARE times what it takes to count these. Raises
        Unavailable.
        """
        until, known = self._known.get(library, (0.0, None))
        if known is not None and self._clock() < until:
            return known
        task = self._under_way.get(library)
        if task is None or task.done():
            task = self._under_way[library] = asyncio.create_task(self._counted(library))
            task.add_done_callback(_heard)
        return await asyncio.shield(task)  # whoever asks next has what is under way

    async def _counted(self, library: int) -> Counted:
        began = self._clock()
        found = await self._count(library)
        if found.files >= MANY:
            now = self._clock()
            self._known[library] = (now + SHARE * (now - began), found)
        return found


def _heard(task: asyncio.Task[Counted]) -> None:
    """Who asked may have gone before it failed."""
    if not task.cancelled():
        task.exception()
