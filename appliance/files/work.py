"""One file under way on disk: telling how far it is, and storing what is made of it as soon as it is there."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from appliance.files import service
from appliance.files.attempts import LeaseLost
from appliance.ledger.service import Claim, Ledger
from appliance.live.progress import Progress, Teller
from appliance.logs import log
from processors.results import Version
from storage import layout
from storage.objects import Objects, StorageError

Row = dict[str, Any]
"""A version as the ledger takes it."""


@dataclass
class Work:
    """claim: its lease. sha256: of the original. folder: what is made of it. in_thread: calls what blocks."""

    claim: Claim
    sha256: str
    folder: Path
    ledger: Ledger
    objects: Objects
    teller: Teller
    in_thread: Callable[..., Awaitable[Any]]
    stored: dict[str, Row] = field(default_factory=dict)

    def tell(self, step: str, percent: float, left: float | None = None) -> None:
        """percent: of all there is to do. left: seconds until that is done."""
        self.teller.tell(self.claim.home, self.claim.id, Progress(step, round(percent, 1), left))

    async def store(self, name: str, content_type: str, width: int, height: int) -> Row:
        """Stores the file `name` of the folder as a version, called as it is without its extension."""
        path = self.folder / name
        with path.open("rb") as file:
            sha256 = (await self.in_thread(hashlib.file_digest, file, "sha256")).hexdigest()
            row = _row(path.stem, width, height, content_type, path.suffix[1:], sha256, path.stat().st_size)
            where = (layout.VERSIONS, self._key(row), file, content_type, sha256, True)
            await self.in_thread(self.objects.put_file, *where)
        self.stored[path.stem] = row
        return row

    async def store_version(self, version: Version) -> Row:
        """The same for what a processor gives in memory."""
        measures = (version.name, version.width, version.height, version.content_type, version.extension)
        row = _row(*measures, version.sha256, len(version.data))
        where = (layout.VERSIONS, self._key(row), version.data, version.content_type, True, version.sha256)
        await self.in_thread(self.objects.put, *where)
        self.stored[version.name] = row
        return row

    async def show(self, rows: Sequence[Row], recipe: str) -> None:
        """Lets these versions be had before the rest is there. Raises LeaseLost."""
        if not await self.ledger.preview(self.claim, self.sha256, rows, recipe):
            raise LeaseLost

    async def finish(self, facts: dict[str, Any], recipe: str) -> None:
        """Records all that was stored as the result. Raises LeaseLost."""
        if not await self.ledger.finish(self.claim, self.sha256, facts, list(self.stored.values()), recipe):
            raise LeaseLost

    async def made_before(self) -> list[Row]:
        """The versions that there are of this file from earlier work, as of a draft."""
        found = await service.files([self.claim.id])
        return found[self.claim.id].versions if found else []

    async def clear(self, before: Sequence[Row]) -> None:
        """Removes those of `before` in whose place there are others now. What it leaves is left over, which the daily
        verification removes.
        """
        kept = {self._key(row) for row in self.stored.values()}
        for key in {self._key(row) for row in before} - kept:
            try:
                await self.in_thread(self.objects.purge, layout.VERSIONS, key)
            except StorageError as error:
                log.warning("left over version not removed", key=key, error=str(error))

    def _key(self, row: Row) -> str:
        claim = self.claim
        place = (claim.root, claim.owner, claim.folder, claim.id)
        return layout.version_key(*place, row["name"], row["sha256"], row["extension"])


def _row(name: str, width: int, height: int, content_type: str, extension: str, sha256: str, size: int) -> Row:
    measures = {"name": name, "width": width, "height": height, "bytes": size}
    return {**measures, "content_type": content_type, "extension": extension, "sha256": sha256}
