"""The daily verification: the last 48 hours and a 28th of the older days, owner by owner. It looks, and says.

All it changes is to delete what is left over of assets that the ledger knows: what a worker wrote that lost its lease,
a form sent again. An object version of which the ledger knows nothing may be all there is of an upload, where an older
backup was restored say, and is for `ops/verify`, as is anything else. How far it has come is in the ledger, so whoever
takes over goes on there.
"""

from collections import Counter
from collections.abc import Sequence
from functools import partial

import msgspec

from appliance.ledger.database import fetch
from appliance.ledger.service import Ledger
from appliance.logs import log
from appliance.upkeep import scope
from appliance.upkeep.confirm import Degraded, surely_whole
from appliance.upkeep.differences import Difference, Kind
from appliance.upkeep.repair import Repair
from appliance.upkeep.verify import Verifier
from storage.inspection import Inspector

RECENT_DAYS = 3  # 48 hours touch three days
PARTS = 28
MOST_DELETED = 100  # left over object versions of one run: more of it has a cause that somebody should look for


class Daily:
    """The job; `grace` in seconds, as for a Verifier."""

    def __init__(self, ledger: Ledger, objects: Inspector, grace: float) -> None:
        self._ledger = ledger
        self._objects = objects
        self._grace = grace
        self._found: Counter[str] = Counter()

    async def verify(self) -> bool:
        """Today's run, from where it stands; False when it has been done. Raises Unavailable, StorageError."""
        rows = await fetch(
            "SELECT days, after, differences::text FROM ledger.begin_verification($1, $2)", RECENT_DAYS, PARTS
        )
        if not rows:
            return False
        days, after = rows[0]["days"], rows[0]["after"]
        self._found = Counter(msgspec.json.decode(rows[0]["differences"], type=dict[str, int]))
        repair = Repair(self._ledger, self._objects, partial(surely_whole, self._objects), MOST_DELETED, act=True)
        try:
            async for owner in scope.owners(self._objects, after):
                verifier = Verifier(self._objects, self._grace, take=partial(self._take, repair))
                await verifier.walk(await scope.of_days(self._objects, owner, days))
                await fetch("SELECT ledger.note_verification($1, $2::jsonb)", owner.prefix, self._counted())
        except Degraded as reason:
            log.warning("verification put off", error=str(reason))
            return True
        await fetch("SELECT ledger.end_verification()")
        log.info("verified", days=len(days), differences=self._found.total(), deleted=repair.done["deleted"])
        return True

    async def _take(self, repair: Repair, differences: Sequence[Difference]) -> None:
        left_over = [one for one in differences if one.kind == Kind.LEFT_OVER]
        if left_over:
            await repair.take(left_over)
        if repair.refused:
            log.warning("left over object versions stay", reason=repair.refused)
        self._note([one for one in differences if repair.refused or one.kind != Kind.LEFT_OVER])

    def _note(self, differences: Sequence[Difference]) -> None:
        for one in differences:
            # Every key here is below the folder of a day: root, owner, folder, day.
            day = one.key.split("/")[3]
            self._found[f"{day[:4]}-{day[4:6]}-{day[6:]}"] += 1
            log.error("ledger and storage differ", kind=str(one.kind), bucket=one.bucket, key=one.key)

    def _counted(self) -> str:
        return msgspec.json.encode(dict(self._found)).decode()
