"""Object versions that the server could not heal: whose they are, and what is done about each.

A version is made anew from its original; an asset whose original is beyond mending says so. Nothing of it is concluded
while a drive is away or being filled: what can't be read now may be read then.
"""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from appliance.ledger.database import fetch
from appliance.ledger.service import Ledger
from appliance.logs import log
from appliance.upkeep.confirm import Degraded, confirmed
from appliance.upkeep.differences import NO_ASSET, Difference, Kind, Reference, named
from appliance.upkeep.repair import Repair, Sound
from storage import layout
from storage.inspection import Inspector
from storage.results import OBJECT, Result

BATCH = 500
MOST_ORIGINALS = 100
"""Assets called damaged at once without anybody: more of it has a cause that somebody should look for first."""

_NOTE = """
INSERT INTO ledger.unhealed AS old (bucket, key, version_id, round, detail, asset)
SELECT b, k, v, $1, d, nullif(a, $6)
FROM unnest($2::text[], $3::text[], $4::text[], $5::text[], $7::uuid[]) u(b, k, v, d, a)
ON CONFLICT (bucket, key, version_id) DO UPDATE SET round = excluded.round, detail = excluded.detail,
    verdict = CASE WHEN old.verdict IN ('damaged', 'missing') THEN old.verdict END
"""
_GOOD_AGAIN = "DELETE FROM ledger.unhealed WHERE bucket = $1 AND starts_with(key, $2) AND round < $3"
_OPEN = """
SELECT bucket, key, version_id FROM ledger.unhealed WHERE verdict IS NULL AND (bucket, key, version_id) > ($1, $2, $3)
ORDER BY bucket, key, version_id LIMIT $4
"""
_ORIGINALS = """
SELECT a.id, b.key, b.version_id, b.size, b.sha256, a.error_code,
    coalesce(a.error_code, '') NOT IN ('object_missing', 'object_damaged') AS required
FROM ledger.blobs b JOIN ledger.assets a ON a.blob = b.id AND a.state NOT IN ('deleting', 'deleted', 'init', 'expired')
WHERE b.bucket = $1 AND b.key = ANY ($2)
"""
_VERSIONS = """
SELECT a.id, a.root, a.owner, a.folder, v.name, v.sha256, v.extension, v.bytes AS size, a.error_code,
    a.state = 'done' AS required
FROM ledger.versions v JOIN ledger.assets a ON a.id = v.asset AND a.state NOT IN ('deleting', 'deleted')
WHERE a.id = ANY ($1)
"""
_DECIDE = "UPDATE ledger.unhealed SET verdict = $4 WHERE bucket = $1 AND key = $2 AND version_id = $3"
_FORGET = "DELETE FROM ledger.unhealed WHERE bucket = $1 AND key = $2 AND version_id = $3"
_SETTLED = """
DELETE FROM ledger.unhealed u WHERE u.asset IS NOT NULL AND NOT EXISTS (
    SELECT FROM ledger.assets a WHERE a.id = u.asset AND a.state NOT IN ('deleting', 'deleted')
        AND NOT (coalesce(u.verdict, '') = 'made_anew' AND a.state = 'done'))
"""
_MENDED = """
UPDATE ledger.unhealed u SET verdict = NULL FROM ledger.assets a
WHERE a.id = u.asset AND u.verdict IN ('damaged', 'missing') AND a.state <> 'error'
"""
_LIST = """
SELECT u.bucket, u.key, u.version_id, u.found_at, u.detail, u.verdict, a.id AS asset, a.filename, a.uploader,
    a.state::text AS state, a.error_code
FROM ledger.unhealed u LEFT JOIN ledger.assets a ON a.id = u.asset ORDER BY u.bucket, u.key, u.version_id LIMIT $1
"""
_COUNT = "SELECT coalesce(verdict, 'open') AS verdict, count(*) AS n FROM ledger.unhealed GROUP BY 1"

Place = tuple[str, str, str]  # bucket, key, version id


async def note(which: int, results: Sequence[Result]) -> None:
    """Keeps those object versions that the round `which` could not heal."""
    bad = {(one.bucket, one.key, one.version_id): one for one in results if one.unhealed and one.kind == OBJECT}
    if not bad:
        return
    for one in bad.values():
        asset = str(named(one.bucket, one.key).asset)
        log.error("object version not healed", asset=asset, bucket=one.bucket, key=one.key, why=one.why)
    buckets, keys, versions = (list(column) for column in zip(*bad, strict=True))
    assets = [named(bucket, key).asset for bucket, key in zip(buckets, keys, strict=True)]
    await fetch(_NOTE, which, buckets, keys, versions, [one.why for one in bad.values()], NO_ASSET, assets)


async def good_again(which: int, bucket: str, prefix: str) -> None:
    """Forgets what an earlier round could not heal below `prefix`, and the round `which` has not found again."""
    await fetch(_GOOD_AGAIN, bucket, prefix, which)


async def listed(most: int = 1000) -> list[dict[str, Any]]:
    """Each with the asset it belongs to and whose that is, as its key says it."""
    return [_told(row) for row in await fetch(_LIST, most)]


def _told(row: asyncpg.Record) -> dict[str, Any]:
    place = named(row["bucket"], row["key"]).place
    whose = {noun: place.owner if place and place.root == root else None for root, noun in _NOUNS.items()}
    return {**dict(row), "found_at": row["found_at"].isoformat(), "asset": row["asset"] and str(row["asset"]), **whose}


_NOUNS = {"projects": "project", "chats": "chat", "users": "user"}


async def counts() -> dict[str, int]:
    """How many there are, by verdict; `open` are those of which it is not known yet."""
    return {row["verdict"]: row["n"] for row in await fetch(_COUNT)}


class Conclusions:
    """Decides what unhealed object versions mean. `sound` raises Degraded unless every drive is here and filled."""

    def __init__(self, ledger: Ledger, objects: Inspector, sound: Sound) -> None:
        self._ledger = ledger
        self._objects = objects
        self._sound = sound
        self._drawing = asyncio.Lock()

    async def draw(self) -> str:
        """Decides all that are open; what keeps it from that, or "". Raises Unavailable and StorageError."""
        async with self._drawing:  # else two would say the same, and the second of what the first has mended
            return await self._draw()

    async def _draw(self) -> str:
        await fetch(_SETTLED)  # deleted, or made anew
        await fetch(_MENDED)  # tried again with success: a file was restored, say
        after: Place = ("", "", "")
        try:
            while rows := await fetch(_OPEN, *after, BATCH):
                await self._sound()
                places = [tuple(row) for row in rows]
                await self._decide(places)
                after = places[-1]
        except Degraded as reason:
            return str(reason)
        return ""

    async def _decide(self, places: Sequence[Place]) -> None:
        known = await references(places)
        seen = []
        for place in places:
            reference, code = known.get(place, (None, None))
            if reference is None:
                await fetch(_FORGET, *place)
            elif not reference.required:
                await self._already(place, code)
            else:
                seen.append(Difference(Kind.DAMAGED, *place, reference=reference))
        sure = await confirmed(self._objects, seen)
        wrong = {(one.bucket, one.key, one.version_id) for one in sure}
        for one in seen:
            if (one.bucket, one.key, one.version_id) not in wrong:
                await fetch(_DECIDE, one.bucket, one.key, one.version_id, "readable")
        await self._mend([one for one in sure if one.bucket == layout.ORIGINALS], MOST_ORIGINALS)
        lost = {one.reference.asset for one in sure if one.reference and one.bucket == layout.ORIGINALS}
        versions = [one for one in sure if one.bucket != layout.ORIGINALS]
        await self._mend(versions, len(versions), lost)

    async def _already(self, place: Place, code: str | None) -> None:
        """The asset says it, or is being processed: nothing is to be done."""
        if code in ("object_damaged", "object_missing"):
            await fetch(_DECIDE, *place, code.removeprefix("object_"))
        else:
            await fetch(_FORGET, *place)

    async def _mend(self, sure: Sequence[Difference], most: int, lost: set[UUID] | None = None) -> None:
        """Has the assets say it; those of which only versions are bad are processed again. `lost`: the others, None for
        originals.
        """
        if not sure:
            return
        repair = Repair(self._ledger, self._objects, self._sound, most, act=True)
        await repair.take(sure)
        if repair.refused:
            raise Degraded(repair.refused)
        assets = {one.reference.asset for one in sure if one.reference}
        again = set() if lost is None else set(await self._ledger.retry(sorted(assets - lost)))
        known = await references([(one.bucket, one.key, one.version_id) for one in sure])
        for one in sure:
            if (one.bucket, one.key, one.version_id) not in known:
                await fetch(_FORGET, one.bucket, one.key, one.version_id)  # made on request, and anew on the next
                continue
            anew = one.reference is not None and one.reference.asset in again
            verdict = "made_anew" if anew else str(one.kind)
            await fetch(_DECIDE, one.bucket, one.key, one.version_id, verdict)
            asset = str(one.reference.asset) if one.reference else None
            log.error("unhealed object version decided", asset=asset, bucket=one.bucket, key=one.key, verdict=verdict)


async def references(places: Sequence[Place]) -> dict[Place, tuple[Reference, str | None]]:
    """What the ledger says of these object versions, and the error of their asset; nothing where it refers to none."""
    found: dict[Place, tuple[Reference, str | None]] = {}
    keys = [key for bucket, key, _ in places if bucket == layout.ORIGINALS]
    for row in await fetch(_ORIGINALS, layout.ORIGINALS, keys) if keys else ():
        told = (row["key"], row["version_id"], row["size"], row["sha256"], row["required"])
        reference = Reference(row["id"], layout.ORIGINALS, *told)
        found[layout.ORIGINALS, row["key"], row["version_id"]] = reference, row["error_code"]
    assets = [named(bucket, key).asset for bucket, key, _ in places if bucket == layout.VERSIONS]
    for row in await fetch(_VERSIONS, assets) if assets else ():
        home = (row["root"], row["owner"], row["folder"], row["id"])
        key = layout.version_key(*home, row["name"], row["sha256"], row["extension"])
        reference = Reference(row["id"], layout.VERSIONS, key, "", row["size"], row["sha256"], row["required"])
        found[layout.VERSIONS, key, ""] = reference, row["error_code"]
    return found
