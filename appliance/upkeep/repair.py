"""Mending what verifying confirmed: unexplained object versions go, late ones are taken in, what was made on request is
forgotten where it is missing or damaged, and of all else of it an asset says so.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from appliance.ledger.database import fetch
from appliance.ledger.failures import DAMAGED, MISSING, VERSION_DAMAGED
from appliance.ledger.service import Bytes, Failure, Ledger
from appliance.logs import log
from appliance.upkeep.confirm import Degraded, confirmed
from appliance.upkeep.differences import Difference, Kind, named
from storage import layout
from storage.inspection import Inspector

CHANGES = ("deleted", "forgotten", "called_missing", "called_damaged")
# All that one order made: a page without one of its pictures would stay so.
_ORDERED = """
SELECT o.name FROM ledger.versions v JOIN ledger.versions o ON o.asset = v.asset AND o.ordered = v.ordered
WHERE v.asset = $1 AND v.name || '.' || left(v.sha256, 12) || '.' || v.extension = $2
"""
_FORGET = "DELETE FROM ledger.versions WHERE asset = $1 AND name = ANY ($2) AND ordered IS NOT NULL"

Sound = Callable[[], Awaitable[None]]


class TooManyChanges(Exception):
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
    _said: set[UUID] = field(default_factory=set)

    async def take(self, differences: Sequence[Difference]) -> None:
        """Mends a batch, unless an earlier one was refused; why one was is in `refused`."""
        if self.refused:
            return
        try:
            if self.act:
                await self.sound()
            await self._mend(differences)
        except (Degraded, TooManyChanges) as reason:
            self.refused = str(reason)

    async def _mend(self, differences: Sequence[Difference]) -> None:
        await self._take_in([one for one in differences if one.kind == Kind.LATE])
        for one in differences:
            if one.kind in (Kind.UNEXPLAINED, Kind.LEFT_OVER):
                await self._delete(one)
        differences = [one for one in differences if not await self._forgotten(one)]
        await self._say("called_missing", MISSING, _of(differences, Kind.MISSING))
        # Originals first: what is made of one that is damaged can't be made anew.
        await self._say("called_damaged", DAMAGED, _of(differences, Kind.DAMAGED, layout.ORIGINALS))
        await self._say("called_damaged", VERSION_DAMAGED, _of(differences, Kind.DAMAGED, layout.VERSIONS))

    async def _forgotten(self, one: Difference) -> bool:
        """Whether it is of what was made on request. The ledger forgets that: it is made anew when it is asked for, and
        its asset lacks nothing.
        """
        if one.bucket != layout.VERSIONS or one.kind not in (Kind.MISSING, Kind.DAMAGED):
            return False
        name = named(one.bucket, one.key)
        if not (rows := await fetch(_ORDERED, name.asset, name.file)):
            return False
        self._count("forgotten")
        if self.act:
            await fetch(_FORGET, name.asset, [row["name"] for row in rows])
            log.error("version made on request is missing or damaged", asset=str(name.asset), key=one.key)
        return True

    def _count(self, what: str, more: int = 1) -> None:
        if sum(self.done[changed] for changed in CHANGES) + more > self.limit:
            raise TooManyChanges(f"more than {self.limit} changes would be needed; find the cause, or raise --limit")
        self.done[what] += more

    async def _delete(self, one: Difference) -> None:
        """Looks once more just before: while those before it were deleted, a retry may have made the same version
        again, under the same key.
        """
        if self.act and not await self._still_so(one):
            return
        self._count("deleted")
        if self.act:
            await asyncio.to_thread(self.objects.delete_version, one.bucket, one.key, one.version_id)
            log.info("unexplained object version deleted", bucket=one.bucket, key=one.key, version=one.version_id)

    async def _still_so(self, one: Difference) -> bool:
        if [again.kind for again in await confirmed(self.objects, [one])] != [one.kind]:
            return False
        if one.version_id:
            return True  # no other bytes ever come under it
        stat = await asyncio.to_thread(self.objects.head, one.bucket, one.key)
        # A HEAD tells whole seconds, a listing more.
        return bool(stat and one.stat and stat.modified == one.stat.modified.replace(microsecond=0))

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

    async def _say(self, what: str, failure: Failure, assets: set[UUID]) -> None:
        """Ends these assets as `error`; one that was called something already, by its original say, stays so."""
        for asset in sorted(assets - self._said):
            self._count(what)
            self._said.add(asset)
            if self.act and await self.ledger.miss([asset], failure):
                log.error("object missing or damaged", asset=str(asset), code=failure.code)


def _of(differences: Sequence[Difference], kind: Kind, bucket: str | None = None) -> set[UUID]:
    """The assets with a difference of this kind."""
    return {
        one.reference.asset
        for one in differences
        if one.reference and one.kind == kind and bucket in (None, one.bucket)
    }


def _age(one: Difference) -> datetime:
    return one.stat.modified if one.stat else datetime.now(UTC)
