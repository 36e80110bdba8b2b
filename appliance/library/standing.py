"""How libraries stand: figures that the API, the dashboard and `./ops/library status` all show."""

from datetime import datetime
from typing import Any

import msgspec

from appliance.errors import NotFound
from appliance.ledger.database import fetch, fetch_one
from appliance.library.counting import Ahead, Behind, Counting

_LIBRARIES = """
SELECT l.id, l.name, l.host, l.paused, l.waits, l.problem, l.mounted_at, (l.workflow -> 'source')::text AS source,
    l.mounted_at > now() - interval '1 minute' AS mounted, l.scan_asked_at IS NOT NULL AS asked
FROM ledger.libraries l ORDER BY l.name
"""
_SCAN = """
SELECT s.began_at, s.ended_at, s.seen, s.probed, s.wanted, s.unreadable, s.skips::text AS skips, s.problem
FROM ledger.library_scans s WHERE s.library = $1 ORDER BY s.id DESC LIMIT 1
"""
_COUNTING = Counting()


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


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One library. host: that has its workflow, or had it last; empty where there is one. mounted: a worker has its
    workflow. waits: why nothing is transcoded now. problem: why its file is no workflow.
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
    ahead, behind = await _COUNTING.of(row["id"])
    return Standing(
        id=row["id"],
        name=row["name"],
        source=msgspec.json.decode(row["source"] or "{}"),
        **{name: row[name] for name in ("host", "mounted", "mounted_at", "paused", "asked", "waits", "problem")},
        scan=LastScan(**{**scan, "skips": msgspec.json.decode(scan["skips"])}) if scan else None,
        ahead=ahead,
        behind=behind,
    )
