"""What happens when storage holds bytes: the ledger is told, work is queued, and bytes of nobody are deleted."""

import asyncio
from collections.abc import Sequence
from itertools import groupby

from redis.exceptions import RedisError

from appliance.ledger.service import Bytes, Ledger, Verdict
from appliance.logs import log
from appliance.metrics import count
from appliance.queue import Queue
from storage.layout import ORIGINALS
from storage.objects import Objects, StorageError

ENQUEUE_SECONDS = 2.0  # the queue's own client waits for Valkey for ever, and a caller waits for this


class Arrivals:
    """The one way from any of the three signals into the ledger; a hint gets there by hurrying the sweep. `eraser` may
    delete versions.
    """

    def __init__(self, ledger: Ledger, queue: Queue, eraser: Objects) -> None:
        self._ledger = ledger
        self._queue = queue
        self._eraser = eraser

    async def take(self, came: Sequence[Bytes], signal: str) -> list[Verdict]:
        """Moves what arrived to `uploaded` and queues it; `signal` is who told: notification or sweep.

        Raises Unavailable, and then nothing happened.
        """
        verdicts = await self._ledger.arrive(ORIGINALS, came, signal)
        moved = [verdict for verdict in verdicts if verdict.verdict == "moved"]
        count("uploads", len(moved), signal=signal)
        for verdict in moved:
            log.info("file is there", asset=str(verdict.asset), signal=signal)
        await self._enqueue(moved)
        await self._delete([came[i] for i, verdict in enumerate(verdicts) if verdict.verdict == "foreign"])
        return verdicts

    async def _enqueue(self, moved: Sequence[Verdict]) -> None:
        """Queues at once what the window has room for; the sweep fills it up from the ledger, oldest first."""
        try:
            async with asyncio.timeout(ENQUEUE_SECONDS):
                await self._fill(moved)
        except (RedisError, OSError) as error:
            log.warning("not queued; the sweep will", error=type(error).__name__)

    async def _fill(self, moved: Sequence[Verdict]) -> None:
        for lane, verdicts in groupby(sorted(moved, key=lambda v: v.lane or ""), key=lambda v: v.lane or ""):
            room = await self._queue.room(lane)
            for verdict in list(verdicts)[:room]:
                await self._queue.put(lane, verdict.asset, verdict.attempt)

    async def _delete(self, foreign: Sequence[Bytes]) -> None:
        """A replayed form made another version, or wrote to what was deleted: that version goes at once.

        Where there are no versions it took the place of what was pinned. That is left for the worker and for verifying
        to see by its ETag; what was written to a deleted one's key is the sweep's to remove.
        """
        for stray in (one for one in foreign if one.version_id):
            try:
                await asyncio.to_thread(self._eraser.delete_version, ORIGINALS, stray.key, stray.version_id)
                count("foreign_versions")
                log.info("foreign version deleted", asset=str(stray.asset), version=stray.version_id)
            except StorageError as error:
                log.warning("foreign version not deleted", asset=str(stray.asset), error=str(error))
