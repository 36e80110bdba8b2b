"""Originals that somebody lets go of, since what took their place is another file by now or gone."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from appliance.errors import Conflict
from appliance.ledger.database import fetch
from appliance.library.catalogue import digest
from appliance.library.listing import shown
from appliance.library.wishes import must_be, why_none

_KEPT = "r.outcome = 'replaced' AND r.undone_at IS NULL AND r.freed_at IS NULL"
# By their names before or now; where none are named, those that are known to be held.
_RELEASABLE = f"""
SELECT r.asset, r.path, r.before_bytes, r.kept_until, coalesce(r.kept_problem, r.undo_problem) AS why
FROM ledger.library_results r JOIN ledger.libraries l ON l.id = r.library
WHERE l.name = $1 AND {_KEPT} AND CASE WHEN cardinality($2::bytea[]) = 0 THEN r.kept_problem IS NOT NULL
    ELSE r.path = ANY ($2) OR r.asset IN (
        SELECT f.asset FROM ledger.library_files f JOIN ledger.libraries l ON l.id = f.library
        WHERE l.name = $1 AND f.digest = ANY ($3)
    ) END
ORDER BY r.path, r.at
"""
# Who wants it to go does not want it back any more.
_RELEASE = f"""
UPDATE ledger.library_results r SET release_asked_at = coalesce(release_asked_at, now()), release_problem = NULL,
    undo_asked_at = NULL, undo_problem = NULL
WHERE r.asset = ANY ($1) AND {_KEPT} RETURNING r.asset
"""
_RELEASING = """
SELECT r.path, r.release_problem FROM ledger.library_results r
WHERE r.asset = ANY ($1) AND r.release_asked_at IS NOT NULL AND r.freed_at IS NULL AND r.undone_at IS NULL
ORDER BY r.path
"""
_LIBRARY = "SELECT id FROM ledger.libraries WHERE name = $1"


class CannotRelease(Conflict):
    """There is no original of it."""

    code = "cannot_release"
    title = "The original can't be let go of"


class Releasable(NamedTuple):
    """An original that is kept. bytes: of it; until: its time; why: what keeps it beyond that, or from coming back,
    None where nothing is known of it.
    """

    asset: UUID
    path: str
    bytes: int
    until: datetime | None
    why: str | None


async def releasable(name: str, paths: Sequence[bytes] = ()) -> list[Releasable]:
    """Of the files of a library, by their paths below its folder; none named: of all those that are kept beyond their
    time. Raises NoLibrary, Unavailable.
    """
    must_be(name, await fetch(_LIBRARY, name))
    rows = await fetch(_RELEASABLE, name, list(paths), [digest(path) for path in paths])
    return [
        Releasable(row["asset"], shown(row["path"]), row["before_bytes"], row["kept_until"], row["why"]) for row in rows
    ]


async def release(asset: UUID) -> None:
    """Has the original of a file removed for good, unless what took its place is whole. Raises NotFound, CannotRelease,
    Unavailable.
    """
    if not await release_all([asset]):
        raise CannotRelease(await why_none(asset))


async def release_all(assets: Sequence[UUID]) -> int:
    """The same of these; of how many there is one. Raises Unavailable."""
    return len(await fetch(_RELEASE, list(assets)))


async def releasing(assets: Sequence[UUID]) -> tuple[int, list[str]]:
    """How many of these are still to go, and why others have not. Raises Unavailable."""
    rows = await fetch(_RELEASING, list(assets))
    problems = [f"{shown(row['path'])}: {row['release_problem']}" for row in rows if row["release_problem"]]
    return len(rows) - len(problems), problems
