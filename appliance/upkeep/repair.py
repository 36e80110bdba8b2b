"""Mending what verifying confirmed: unexplained object versions go, late ones are taken in, what is missing is said."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from appliance.ledger.failures import MISSING
from appliance.ledger.service import Bytes, Ledger
from appliance.logs import log
from appliance.upkeep.confirm import Degraded
from appliance.upkeep.differences import Difference, Kind, named
from storage import layout
from storage.inspection import Inspector

Sound = Callable[[], Awaitable[None]]


class LimitReached(Exception):
    """More would have to be changed than was allowed: so much at once may have a cause that has to be found first."""


@dataclass
class Repair:
    """Takes confirmed differences. `sound` raises Degraded while storage is not whole; nothing is done then.

    limit: object versions to delete, and assets to call `error`, at most. Without `act` it only counts what it
    would do.
    """

    ledger: Ledger
    objects: Inspector
    sound: Sound
    limit: int
    act: bool
    done: Counter[str] = field(default_factory=Counter)
    refused: str = ""

    async def take(self, differences: Sequence[Difference]) -> None:
        """Mends a batch, unless an earlier one was refused; why one was is in `refused`."""
        if self.refused:
            return
        try:
            if self.act:
                await self.sound()
            await self._mend(differences)
        except (Degraded, LimitReached) as reason:
            self.refused = str(reason)

    async def _mend(self, differences: Sequence[Difference]) -> None:
        await self._take_in([one for one in differences if one.kind == Kind.LATE])
        for one in differences:
            if one.kind == Kind.UNEXPLAINED:
                await self._delete(one)
        await self._say_missing([one for one in differences if one.kind == Kind.MISSING])

    def _count(self, what: str, more: int = 1) -> None:
        if self.done["deleted"] + self.done["called_missing"] + more > self.limit:
            raise LimitReached(f"more than {self.limit} changes would be needed; find the cause, or raise --limit")
        self.done[what] += more

    async def _delete(self, one: Difference) -> None:
        self._count("deleted")
        if self.act:
            await asyncio.to_thread(self.objects.delete_version, one.bucket, one.key, one.version_id)
            log.info("unexplained object version deleted", bucket=one.bucket, key=one.key, version=one.version_id)

    async def _take_in(self, late: Sequence[Difference]) -> None:
        """Storage acknowledged these uploads: the ledger takes them, the sweep queues them."""
        came = [
            Bytes(named(one.bucket, one.key).asset, one.key, one.version_id, one.stat.size, one.stat.etag)
            for one in sorted(late, key=_age)  # the first that was stored is the upload, any other a replay
            if one.stat and not one.stat.marker
        ]
        self.done["taken_in"] += len(came)
        if self.act and came:
            await self.ledger.arrive(layout.ORIGINALS, came, "verify")

    async def _say_missing(self, missing: Sequence[Difference]) -> None:
        assets: set[UUID] = {one.reference.asset for one in missing if one.reference}
        for asset in sorted(assets):
            self._count("called_missing")
            if self.act and await self.ledger.miss([asset], MISSING):
                log.error("object missing", asset=str(asset))


def _age(one: Difference) -> datetime:
    return one.stat.modified if one.stat else datetime.now(UTC)
