"""Lists of files of a library: what waits, in its order, and what came of those that were worked on."""

import os
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec

from appliance.errors import BadRequest
from appliance.ledger.database import fetch

MOST_A_PAGE = 200
# By its own part of the index for each state; the number is written out, else Postgres takes it for a tenth of all.
_PLAN = (
    "SELECT * FROM ("
    + " UNION ALL ".join(
        f"""
(SELECT a.id AS asset, f.path, a.state::text AS state, f.size, f.facts::text AS facts, f.reason, a.worth,
    a.error_code AS code, a.error_message AS message
FROM ledger.assets a JOIN ledger.library_files f ON f.asset = a.id AND f.library = $1
WHERE a.lane = 'backfill' AND a.folder = ledger.library_folder($1) AND a.state = '{state}' AND a.worth IS NOT NULL
    AND (a.worth, a.id) < ($2, $3)
ORDER BY a.worth DESC, a.id DESC LIMIT {MOST_A_PAGE + 1})"""
        for state in ("uploaded", "processing", "error")
    )
    + ") p ORDER BY worth DESC, asset DESC LIMIT $4"
)
_RESULTS = """
SELECT r.*, now() AS now FROM ledger.library_results r
WHERE r.library = $1 AND (r.at, r.asset) < ($2, $3) {only}
ORDER BY r.at DESC, r.asset DESC LIMIT $4
"""
_LAST = UUID(int=(1 << 128) - 1)
_FIRST = (float("inf"), _LAST)
_NEWEST = (datetime(9999, 1, 1, tzinfo=UTC), _LAST)


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be made anew, or is, or failed at it. worth: bytes saved for an hour of CPU time, by estimate."""

    asset: UUID
    path: str
    state: str
    size: int
    estimated_bytes: int | None
    estimated_cpu_seconds: float | None
    reason: str
    worth: float | None
    codec: str | None
    seconds: float | None
    error: dict[str, str | None] | None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a file. undo: possible, asked, done, gone (its original is), failed, held (its original is kept
    beyond its time), releasing (it goes all the same); None where nothing was replaced. kept_problem: why it is held.
    """

    asset: UUID
    path: str
    at: datetime
    outcome: str
    why: str | None
    reason: str
    before_bytes: int
    after_bytes: int | None
    before_codec: str | None
    after_codec: str | None
    seconds: float | None
    cpu_seconds: float
    vmaf: float | None
    kept_until: datetime | None
    freed_at: datetime | None
    undo: str | None
    undo_problem: str | None
    kept_problem: str | None
    release_problem: str | None


async def planned(library: int, limit: int, cursor: str | None) -> tuple[list[Planned], str | None]:
    """What waits, what saves the most for the work first; and the cursor of the next page, if there is one.

    Raises BadRequest and Unavailable.
    """
    after = _read(cursor, float) or _FIRST
    rows = await fetch(_PLAN, library, *after, limit + 1)
    found = [_planned(row) for row in rows[:limit]]
    last = found[-1] if len(rows) > limit else None
    return found, f"{last.worth!r},{last.asset}" if last else None


async def results(
    library: int, limit: int, cursor: str | None, outcome: str | None = None
) -> tuple[list[Result], str | None]:
    """What came of files, the newest first; likewise."""
    after = _read(cursor, datetime.fromisoformat) or _NEWEST
    sql = _RESULTS.format(only="AND r.outcome = $5" if outcome else "")
    rows = await fetch(sql, library, *after, limit + 1, *([outcome] if outcome else []))
    found = [_result(row) for row in rows[:limit]]
    last = found[-1] if len(rows) > limit else None
    return found, f"{last.at.isoformat()},{last.asset}" if last else None


def shown(path: bytes) -> str:
    """A path as text, whatever bytes it is of."""
    return os.fsdecode(path).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _read(cursor: str | None, kind: Any) -> tuple[Any, UUID] | None:
    if not cursor:
        return None
    place, _, asset = cursor.partition(",")
    try:
        return kind(place), UUID(asset)
    except ValueError:
        raise BadRequest("It is no cursor of this list", after="take it from `next` as it is") from None


def _planned(row: Any) -> Planned:
    told: dict[str, Any] = {name: row[name] for name in ("asset", "state", "size", "reason", "worth")}
    facts = msgspec.json.decode(row["facts"])
    told |= {name: facts.get(name) for name in ("estimated_bytes", "estimated_cpu_seconds", "codec", "seconds")}
    return Planned(
        **told,
        path=shown(row["path"]),
        error={"code": row["code"], "message": row["message"]} if row["code"] else None,
    )


def _result(row: Any) -> Result:
    names = [name for name in Result.__struct_fields__ if name not in ("path", "undo")]
    return Result(**{name: row[name] for name in names}, path=shown(row["path"]), undo=_undo(row))


def _undo(row: Any) -> str | None:
    if row["outcome"] != "replaced":
        return None
    if row["undone_at"]:
        return "done"
    if row["freed_at"]:
        return "gone"
    if row["release_asked_at"] and not row["release_problem"]:
        return "releasing"
    if row["undo_asked_at"] and not row["undo_problem"]:
        return "asked"
    if row["kept_problem"]:
        return "held"
    return "failed" if row["undo_problem"] else "possible"
