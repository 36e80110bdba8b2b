"""The sweep's chore behind uploads in parts: what is left of those that came to an end, in whichever way."""

import asyncio

import asyncpg

from appliance.ledger import uploads
from appliance.logs import log
from storage import layout
from storage.multiparts import Multiparts
from storage.objects import StorageError

AT_ONCE = 100


class Leftovers:
    """`multiparts` may list and abort. Who is killed in between does the same again."""

    def __init__(self, multiparts: Multiparts) -> None:
        self._multiparts = multiparts

    async def remove(self) -> int:
        """Removes the parts of ended uploads; gives how many uploads it has forgotten."""
        rows = await uploads.ended(AT_ONCE)
        if not rows or not await asyncio.to_thread(self._multiparts.whole):
            return 0  # what a degraded storage does not list may be there
        forgotten = 0
        for row in rows:
            try:
                removed = await asyncio.to_thread(self._abort, row)
            except StorageError as error:
                log.warning("parts not removed", asset=str(row["id"]), error=str(error))
                continue
            if removed:
                log.info("parts removed", asset=str(row["id"]), uploads=removed)
            await uploads.forget(row["id"])
            forgotten += 1
        return forgotten

    def _abort(self, row: asyncpg.Record) -> int:
        """All there are under the asset's key: some may have been begun by somebody who had no time to say so."""
        key = layout.original_key(row["root"], row["owner"], row["folder"], row["id"])
        found = self._multiparts.unfinished(layout.ORIGINALS, key)
        return sum(self._multiparts.abort(layout.ORIGINALS, upload) for upload in found)
