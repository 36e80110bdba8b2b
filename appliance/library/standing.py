"""How libraries stand: figures that the API, the dashboard and `./ops/library status` all show."""

from datetime import datetime
from typing import Any

import msgspec

from appliance.errors import NotFound
from appliance.ledger.database import fetch, fetch_one

_LIBRARIES = """
SELECT l.id, l.name, l.host, l.paused, l.waits, l.problem, l.mounted_at, (l.workflow -> 'source')::text AS source,
    l.mounted_at > now() - interval '1 minute' AS mounted, l.scan_asked_at IS NOT NULL AS asked
FROM ledger.libraries l ORDER BY l.name
"""
_SCAN = """
SELECT s.began_at, s.ended_at, s.seen, s.probed, s.wanted, s.unreadable, s.skips::text AS skips, s.problem
FROM ledger.library_scans s WHERE s.library = $1 ORDER BY s.id DESC LIMIT 1
"""
_OPEN = """
SELECT count(*) FILTER (WHERE o.state = 'uploaded') AS waiting,
    count(*) FILTER (WHERE o.state = 'processing') AS under_way,
    count(*) FILTER (WHERE o.state = 'error') AS failed,
    coalesce(sum(o.size) FILTER (WHERE o.open), 0)::bigint AS bytes,
    coalesce(sum(o.becomes) FILTER (WHERE o.open), 0)::bigint AS estimated_bytes,
    coalesce(sum(o.cpu_seconds) FILTER (WHERE o.open), 0) AS cpu_seconds
FROM (
    SELECT a.state, a.state <> 'error' AS open, f.size, (f.facts ->> 'estimated_bytes')::bigint AS becomes,
        (f.facts ->> 'estimated_cpu_seconds')::float AS cpu_seconds
    FROM ledger.library_files f JOIN ledger.assets a ON a.id = f.asset
    WHERE f.library = $1 AND a.state IN ('uploaded', 'processing', 'error')
) o
"""
_DONE = """
SELECT count(*) FILTER (WHERE r.taken) AS replaced, count(*) FILTER (WHERE r.outcome = 'kept') AS kept,
    count(*) FILTER (WHERE r.undone_at IS NOT NULL) AS undone,
    coalesce(sum(r.less) FILTER (WHERE r.freed_at IS NOT NULL), 0)::bigint AS saved_bytes,
    coalesce(sum(r.less) FILTER (WHERE r.taken AND r.freed_at IS NULL), 0)::bigint AS saved_later_bytes,
    coalesce(sum(r.before_bytes) FILTER (WHERE r.taken AND r.freed_at IS NULL), 0)::bigint AS kept_bytes,
    count(*) FILTER (WHERE r.held) AS held,
    coalesce(sum(r.before_bytes) FILTER (WHERE r.held), 0)::bigint AS held_bytes,
    coalesce(sum(r.cpu_seconds), 0) AS cpu_seconds
FROM (
    SELECT *, outcome = 'replaced' AND undone_at IS NULL AS taken, kept_problem IS NOT NULL AS held,
        (before_bytes - after_bytes) * raw_factor AS less
    FROM ledger.library_results WHERE library = $1
) r
"""


class LastScan(msgspec.Struct, frozen=True, kw_only=True):
    """The last look at a library, or the one that is under way. skips: why → how many stay as they are."""

    began_at: datetime
    ended_at: datetime | None
    seen: int
    probed: int
    wanted: int
    unreadable: int
    skips: dict[str, int]
    problem: str | None


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be done: files and their bytes; estimated_bytes: of what they become; cpu_seconds: of one core."""

    waiting: int
    under_way: int
    failed: int
    bytes: int
    estimated_bytes: int
    cpu_seconds: float


class Behind(msgspec.Struct, frozen=True, kw_only=True):
    """What was done. saved_bytes: on disks, once originals are gone; saved_later_bytes: once those are that are kept
    for now, which take kept_bytes. held: of these, how many are kept beyond their time, since what took their place is
    not there any more as it was made; held_bytes: of them.
    """

    replaced: int
    kept: int
    undone: int
    saved_bytes: int
    saved_later_bytes: int
    kept_bytes: int
    held: int
    held_bytes: int
    cpu_seconds: float


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One library. host: that has its workflow, or had it last; empty where there is one. mounted: a worker has its
    workflow. waits: why nothing is transcoded now. problem: why its file is
    no workflow.
    """

    id: int
    name: str
    host: str
    source: dict[str, Any]
    mounted: bool
    mounted_at: datetime
    paused: bool
    asked: bool
    waits: str | None
    problem: str | None
    scan: LastScan | None
    ahead: Ahead
    behind: Behind


async def standings() -> list[Standing]:
    """Of all libraries, by their names. Raises Unavailable."""
    return [await _standing(row) for row in await fetch(_LIBRARIES)]


async def one(library: int) -> Standing:
    """Of this library. Raises Unavailable, and NotFound where it has just gone."""
    found = next((one for one in await standings() if one.id == library), None)
    if found is None:
        raise NotFound("There is no such library")
    return found


async def _standing(row: Any) -> Standing:
    scan = await fetch_one(_SCAN, row["id"])
    ahead, behind = await fetch_one(_OPEN, row["id"]), await fetch_one(_DONE, row["id"])
    assert ahead is not None
    assert behind is not None
    return Standing(
        id=row["id"],
        name=row["name"],
        source=msgspec.json.decode(row["source"] or "{}"),
        **{name: row[name] for name in ("host", "mounted", "mounted_at", "paused", "asked")},
        waits=row["waits"],
        problem=row["problem"],
        scan=LastScan(**{**scan, "skips": msgspec.json.decode(scan["skips"])}) if scan else None,
        ahead=Ahead(**ahead),
        behind=Behind(**behind),
    )
