"""Bytes that several assets share: what of them may go with one, and what has to stay for the others."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from appliance.ledger.database import fetch
from storage import layout
from storage.objects import Objects

Place = tuple[str, str]  # key and version of an original


@dataclass(frozen=True)
class Shares:
    """What goes with assets being erased: all under their keys but what is `needed`, and of what they are `last`."""

    needed: Mapping[str, set[str]]
    last: Mapping[UUID, Place]

    def purge(self, objects: Objects, asset: UUID, own: str) -> int:
        """Removes an asset's original, and all else under its `own` key; gives how many object versions there were.

        Raises StorageError.
        """
        removed = self._purge_own(objects, own)
        key, version = self.last.get(asset, (own, ""))
        if key != own:
            objects.delete_version(layout.ORIGINALS, key, version)
            removed += 1
        return removed

    def _purge_own(self, objects: Objects, own: str) -> int:
        if not (needed := self.needed.get(own)):
            return objects.purge(layout.ORIGINALS, own)
        if "" in needed:
            return 0  # where there are no versions there is nothing else under it
        found = objects.list(layout.ORIGINALS, own, versions=True)
        others = [stat for stat in found if stat.key == own and stat.version_id not in needed]
        for stat in others:
            objects.delete_version(layout.ORIGINALS, own, stat.version_id or "")
        return len(others)


async def shared(assets: Sequence[UUID], keys: Sequence[str]) -> Shares:
    """What these assets, which are out of view, share with those in view; `keys` are their own."""
    needed: defaultdict[str, set[str]] = defaultdict(set)
    for row in await fetch("SELECT * FROM ledger.needed($1, $2)", layout.ORIGINALS, list(keys)):
        needed[row["key"]].add(row["version_id"])
    last = await fetch("SELECT * FROM ledger.unneeded($1)", list(assets))
    return Shares(needed, {row["id"]: (row["key"], row["version_id"]) for row in last})
