"""A difference counts once both sides were read again: an upload may have come meanwhile, or a job have ended."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import groupby
from typing import Any
from uuid import UUID

import asyncpg

from appliance.ledger.database import fetch
from appliance.upkeep.differences import UNREFERRED, Difference, Kind, Name, named
from storage import layout
from storage.inspection import Inspector
from storage.objects import NOTICED_SECONDS, ObjectMissing, StorageUnavailable

AT_ONCE = 8  # requests to storage


class Degraded(Exception):
    """Storage is not whole: what it does not show may be there all the same, so nothing can be said of it."""


async def confirmed(objects: Inspector, candidates: Sequence[Difference]) -> list[Difference]:
    """Those that are so still. Raises Degraded, Unavailable, StorageError."""
    sure: list[Difference] = []
    for bucket, group in groupby(sorted(candidates, key=lambda c: c.bucket), key=lambda c: c.bucket):
        here = list(group)
        sure += await _unexplained(objects, bucket, [c for c in here if c.kind in UNREFERRED])
        sure += await _wrong(objects, bucket, [c for c in here if c.kind in (Kind.MISSING, Kind.DAMAGED)])
    if any(one.kind in (Kind.MISSING, Kind.DAMAGED) for one in sure):
        await surely_whole(objects)
    return sure


async def surely_whole(objects: Inspector) -> None:
    """Raises Degraded unless storage is whole, and has been for as long as it takes to notice that it is not."""
    await asyncio.sleep(NOTICED_SECONDS)
    if not await asyncio.to_thread(objects.whole):
        raise Degraded("storage is degraded: what it does not show may be there all the same")


async def _unexplained(objects: Inspector, bucket: str, candidates: Sequence[Difference]) -> list[Difference]:
    names = [named(bucket, candidate.key) for candidate in candidates]
    rows = await fetch("SELECT * FROM ledger.explain($1, $2, $3, $4, $5)", bucket, *_columns(candidates, names))
    judged = [judge(bucket, name, row) for name, row in zip(names, rows, strict=True)]
    left = [one._replace(kind=kind) for one, kind in zip(candidates, judged, strict=True) if kind]
    there = await in_threads(partial(objects.holds, bucket, one.key, one.version_id) for one in left)
    return [one for one, held in zip(left, there, strict=True) if held]


def judge(bucket: str, name: Name, row: asyncpg.Record | dict[str, Any]) -> Kind | None:
    """What an object version is of which no reference was seen, by the row that its key names; None if all is well."""
    if row["kept"]:
        return None
    at_home = name.place and (name.place.root, name.place.owner, name.place.folder) == (
        row["root"],
        row["owner"],
        row["folder"],
    )
    if not at_home:
        return Kind.UNEXPLAINED
    state = row["state"]
    if state in ("deleting", "deleted"):
        return None  # the sweep removes it
    if bucket == layout.VERSIONS:
        return None if state in ("uploaded", "processing") else Kind.LEFT_OVER
    if state in ("init", "expired"):
        return None if row["looked_for"] else Kind.LATE
    return Kind.LEFT_OVER


async def _wrong(objects: Inspector, bucket: str, candidates: Sequence[Difference]) -> list[Difference]:
    names = [named(bucket, candidate.key) for candidate in candidates]
    rows = await fetch("SELECT * FROM ledger.still_required($1, $2, $3, $4, $5)", bucket, *_columns(candidates, names))
    left = [candidates[row["place"] - 1] for row in rows]
    found = await in_threads(partial(examined, objects, one) for one in left)
    return [one for one in found if one]


def examined(objects: Inspector, seen: Difference) -> Difference | None:
    """What is wrong with an object version that the ledger refers to, or None. Bytes are read if they were wrong."""
    reference = seen.reference
    assert reference is not None
    try:
        stat = objects.head(seen.bucket, seen.key, seen.version_id)
        if stat is None:
            return seen._replace(kind=Kind.MISSING, detail="")
        if stat.size != reference.size:
            return seen._replace(kind=Kind.DAMAGED, detail=f"{stat.size} bytes instead of {reference.size}")
        if reference.replaced_by(stat.etag):
            return seen._replace(kind=Kind.DAMAGED, detail="its ETag is not the one that was pinned")
        if seen.kind != Kind.DAMAGED:
            return None
        sha256 = objects.sha256(seen.bucket, seen.key, seen.version_id, reference.size)
    except ObjectMissing:
        return seen._replace(kind=Kind.MISSING, detail="")
    except StorageUnavailable as error:
        return seen._replace(kind=Kind.DAMAGED, detail=f"can't be read: {error}")
    if reference.sha256 in (None, sha256):
        return None
    return seen._replace(kind=Kind.DAMAGED, detail=f"its SHA-256 is {sha256}")


async def in_threads(calls: Iterable[Callable[[], Any]]) -> list[Any]:
    """The results of calls that wait for storage, in order, a few of them at once."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(call: Callable[[], Any]) -> Any:
        async with gate:
            return await asyncio.to_thread(call)

    return await asyncio.gather(*(one(call) for call in calls))


def _columns(
    candidates: Sequence[Difference], names: Sequence[Name]
) -> tuple[list[str], list[str], list[UUID], list[str]]:
    return (
        [one.key for one in candidates],
        [one.version_id for one in candidates],
        [name.asset for name in names],
        [name.file for name in names],
    )
