"""Verifying: ledger and storage walked side by side, both ways. It changes nothing."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from appliance.upkeep import scope
from appliance.upkeep.confirm import confirmed, examined, in_threads
from appliance.upkeep.differences import Difference, Kind, Reference
from appliance.upkeep.merge import Pair, merged
from appliance.upkeep.report import Report
from appliance.upkeep.scope import Stretch
from storage.inspection import Inspector
from storage.objects import Stat, StorageUnavailable

BATCH = 500  # differences confirmed together, object versions read together

Taken = Callable[[Sequence[Difference]], Awaitable[None]]
Told = Callable[[int, str], None]


async def leave(differences: Sequence[Difference]) -> None:
    """What is done with differences where nothing is to be repaired."""


class Verifier:
    """Walks stretches and adds what it finds to `report`.

    grace: seconds; an object version younger than that needs no explanation yet. deep: also reads all bytes and
    compares their SHA-256. take: gets the confirmed differences, a batch at a time. tell: is told of progress, with the
    number of object versions so far and the key that was reached.
    """

    def __init__(
        self,
        objects: Inspector,
        grace: float,
        deep: bool = False,
        take: Taken = leave,
        tell: Told = lambda count, key: None,
    ) -> None:
        self.report = Report()
        self._objects = objects
        self._grace = timedelta(seconds=grace)
        self._deep = deep
        self._take = take
        self._tell = tell
        self._candidates: list[Difference] = []
        self._to_read: list[Reference] = []

    async def everything(self) -> None:
        """Both buckets and the whole ledger. Raises Degraded, OutOfOrder, Unavailable, StorageError."""
        await self.walk(scope.everything(self._objects))

    async def walk(self, stretches: Iterable[Stretch]) -> None:
        """All of these stretches, and what was found confirmed. Raises as `everything` does."""
        # The server's own clock tells the age; it is told in whole seconds.
        now = (await asyncio.to_thread(self._objects.state)).at
        if now is None:
            raise StorageUnavailable("storage does not answer")
        old = now + timedelta(seconds=1) - self._grace
        for stretch in stretches:
            async for pair in merged(stretch.listed, stretch.referred):
                self._compare(stretch.bucket, pair, old)
                if len(self._candidates) >= BATCH or len(self._to_read) >= BATCH:
                    await self._settle()
                self._tell(self.report.object_versions, f"{stretch.bucket}/{pair.key}")
        await self._settle()

    def _compare(self, bucket: str, pair: Pair, old: datetime) -> None:
        self.report.object_versions += len(pair.stats)
        self.report.references += len(pair.references)
        referred = {reference.version_id: reference for reference in pair.references}
        for stat in pair.stats:
            reference = referred.pop(stat.version_id, None)
            if reference is not None and not stat.marker:
                self._held(reference, stat)
            elif stat.modified <= old:
                self._candidates.append(Difference(Kind.UNEXPLAINED, bucket, stat.key, stat.version_id, stat))
            else:
                self.report.young += 1
        for reference in referred.values():
            if reference.required:
                self._candidates.append(_difference(Kind.MISSING, reference))

    def _held(self, reference: Reference, stat: Stat) -> None:
        if stat.size != reference.size or reference.replaced_by(stat.etag):
            self._candidates.append(_difference(Kind.DAMAGED, reference))
        elif self._deep:
            self._to_read.append(reference)

    async def _settle(self) -> None:
        """Reads what is to be read, and confirms what seems wrong."""
        to_read, self._to_read = self._to_read, []
        seemed = await in_threads(partial(examined, self._objects, _read(one)) for one in to_read)
        self.report.without_sha256 += sum(reference.sha256 is None for reference in to_read)
        self.report.bytes_read += sum(reference.size for reference in to_read)
        candidates, self._candidates = self._candidates + [one for one in seemed if one], []
        for start in range(0, len(candidates), BATCH):
            sure = await confirmed(self._objects, candidates[start : start + BATCH])
            for difference in sure:
                self.report.add(difference)
            if sure:
                await self._take(sure)


def _difference(kind: Kind, reference: Reference) -> Difference:
    return Difference(kind, reference.bucket, reference.key, reference.version_id, reference=reference)


def _read(reference: Reference) -> Difference:
    """A reference whose bytes are to be read as if they had been wrong."""
    return _difference(Kind.DAMAGED, reference)
