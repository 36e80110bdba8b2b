"""The daily cleaning: uploads that were allowed and never came, parts of uploads never ended, temporary files.

What is removed is said in the log, one by one, and counted in the ledger.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import time as TimeOfDay
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from appliance.config import Config
from appliance.ledger.database import fetch
from appliance.ledger.service import Ledger
from appliance.ledger.uploads import looked_after
from appliance.logs import log
from appliance.upkeep import clock
from appliance.upkeep.confirm import Degraded, in_threads
from storage import layout
from storage.inspection import Inspector
from storage.multiparts import Multiparts, Unfinished

PAGE = 200
LEFTOVERS = ("*.new", "pw-*")  # drafts and notes beside the files of the data folder, of processes that were killed

_LAST = "SELECT now() AS now, (SELECT max(c.began_at) FROM ledger.cleanings c) AS last"
_ABANDONED = """
SELECT a.id, a.root, a.owner, a.folder, a.state::text AS state, a.changed_at FROM ledger.assets a
WHERE (a.state = 'expired' OR (a.state = 'error' AND a.blob IS NULL))
    AND a.changed_at < $1 AND (a.changed_at, a.id) > ($2, $3)
ORDER BY a.changed_at, a.id LIMIT $4
"""
_DONE = "INSERT INTO ledger.cleanings (began_at, uploads, multiparts, files) VALUES ($1, $2, $3, $4)"
_BEGINNING = (datetime.fromtimestamp(0, UTC), UUID(int=0))


@dataclass(frozen=True)
class Rule:
    """Every day `at` this time of the day in this zone (None: the machine's) goes what is older than `age`."""

    at: TimeOfDay
    zone: tzinfo | None
    age: timedelta

    @classmethod
    def of(cls, config: Config) -> "Rule":
        """As the settings say. Raises BadConfiguration."""
        return cls(clock.time_of_day(config.clean_at), clock.zone(config.timezone), timedelta(hours=config.clean_hours))


class Cleaning:
    """The job. `objects` and `multiparts` may list and delete, `data` is the appliance's folder, `rule` asked anew."""

    def __init__(
        self, ledger: Ledger, objects: Inspector, multiparts: Multiparts, data: Path, rule: Callable[[], Rule]
    ) -> None:
        self._ledger = ledger
        self._objects = objects
        self._multiparts = multiparts
        self._data = data
        self._rule = rule
        self._removed: Counter[str] = Counter()

    async def clean(self) -> bool:
        """Today's cleaning; False when it is not due. Raises Unavailable and StorageError, and then it is due again."""
        row, rule = (await fetch(_LAST))[0], self._rule()
        if row["last"] and row["last"] >= clock.last_due(row["now"], rule.at, rule.zone):
            return False
        self._removed.clear()
        before = row["now"] - rule.age
        try:
            await self._uploads(before)
            await self._parts(await asyncio.to_thread(self._multiparts.unfinished, layout.ORIGINALS), before)
        except Degraded as reason:
            log.warning("cleaning put off", error=str(reason))
            return True
        self._files(time.time() - rule.age.total_seconds())
        await fetch("SELECT ledger.forget_idle_usage()")
        await fetch(_DONE, row["now"], *(self._removed[what] for what in ("uploads", "multiparts", "files")))
        log.info("cleaned", **self._removed)
        return True

    async def _uploads(self, before: datetime) -> None:
        """Takes uploads that never came out of view; the sweep erases what there may be under their keys."""
        after = _BEGINNING
        while rows := await fetch(_ABANDONED, before, *after, PAGE):
            there = await in_threads(partial(self._objects.head, layout.ORIGINALS, _key(row)) for row in rows)
            # Only now, since a storage that lost drives shows less than there is.
            if not await asyncio.to_thread(self._objects.whole):
                raise Degraded("storage is degraded: what it does not show may be there all the same")
            # What was cancelled is not taken in, whatever came of it.
            late = [row for row, stat in zip(rows, there, strict=True) if stat and row["state"] == "expired"]
            await self._take_in(late)
            await self._remove([row for row in rows if row not in late], before)
            after = (rows[-1]["changed_at"], rows[-1]["id"])

    async def _take_in(self, late: Sequence[asyncpg.Record]) -> None:
        """Storage holds something after all: what it acknowledged is for the sweep to take in."""
        for row in late:
            await self._ledger.hurry(row["id"])
            log.warning("an upload came after nobody looked for it any more", asset=str(row["id"]))

    async def _remove(self, rows: Sequence[asyncpg.Record], before: datetime) -> None:
        listed = await in_threads(partial(self._multiparts.unfinished, layout.ORIGINALS, _key(row)) for row in rows)
        await self._parts([upload for of_row in listed for upload in of_row], before)
        removed = set(await self._ledger.remove([row["id"] for row in rows]))
        for row in rows:
            if row["id"] in removed:
                self._removed["uploads"] += 1
                log.info("abandoned upload removed", asset=str(row["id"]), since=row["changed_at"].isoformat())

    async def _parts(self, uploads: Sequence[Unfinished], before: datetime) -> None:
        places = [layout.parse_original(upload.key) for upload in uploads]
        wanted = await looked_after([place.asset_id for place in places if place])
        for upload, place in zip(uploads, places, strict=True):
            kept = upload.began >= before or (place is not None and place.asset_id in wanted)
            if kept or not await asyncio.to_thread(self._multiparts.abort, layout.ORIGINALS, upload):
                continue
            self._removed["multiparts"] += 1
            log.info(
                "unfinished upload in parts removed",
                asset=str(place.asset_id) if place else None,
                key=upload.key,
                since=upload.began.isoformat(),
            )

    def _files(self, before: float) -> None:
        for path in self._leftovers(before):
            path.unlink(missing_ok=True)
            self._removed["files"] += 1
            log.info("temporary file removed", name=path.name)

    def _leftovers(self, before: float) -> Iterator[Path]:
        for pattern in LEFTOVERS:
            for path in self._data.glob(pattern):
                if path.is_file() and not path.is_symlink() and path.lstat().st_mtime < before:
                    yield path


def _key(row: Any) -> str:
    return layout.original_key(row["root"], row["owner"], row["folder"], row["id"])
