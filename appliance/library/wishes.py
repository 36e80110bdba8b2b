"""What people want of a library; its worker does it at its next look."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from appliance.errors import Conflict, NotFound
from appliance.ledger.database import fetch, fetch_one
from appliance.library.catalogue import digest
from appliance.library.listing import shown

_NAME = "SELECT name FROM ledger.libraries WHERE id = $1"
_IDS = "SELECT id FROM ledger.libraries WHERE name = $1"
_PAUSE = "UPDATE ledger.libraries SET paused = $2 WHERE name = $1 RETURNING id"
_SCAN = """
UPDATE ledger.libraries l SET scan_asked_at = CASE WHEN EXISTS (
    SELECT FROM ledger.library_scans s WHERE s.library = l.id AND s.began_at > now() - make_interval(secs => $2)
) THEN l.scan_asked_at ELSE coalesce(l.scan_asked_at, now()) END
WHERE l.name = $1 RETURNING l.id
"""

_UNDO = """
UPDATE ledger.library_results SET undo_asked_at = coalesce(undo_asked_at, now()), undo_problem = NULL,
    release_asked_at = NULL, release_problem = NULL
WHERE asset = $1 AND outcome = 'replaced' AND undone_at IS NULL AND freed_at IS NULL RETURNING asset
"""
# By its name before or now, or by a folder above; so many at once as a statement has time for.
_BELOW = """
WITH page AS MATERIALIZED (
    SELECT r.asset FROM ledger.library_results r
    WHERE r.library = $1 AND r.outcome = 'replaced' AND r.undone_at IS NULL AND r.freed_at IS NULL AND r.asset > $2
        AND (r.path = $3::bytea OR substring(r.path FROM 1 FOR octet_length($4::bytea)) = $4::bytea
            OR r.asset = (SELECT f.asset FROM ledger.library_files f WHERE f.library = $1 AND f.digest = $5))
    ORDER BY r.asset LIMIT $6
), asked AS (
    UPDATE ledger.library_results r SET undo_asked_at = coalesce(undo_asked_at, now()), undo_problem = NULL,
        release_asked_at = NULL, release_problem = NULL
    FROM page WHERE r.asset = page.asset AND r.undone_at IS NULL AND r.freed_at IS NULL RETURNING r.asset
)
SELECT (SELECT count(*) FROM asked) AS files, (SELECT asset FROM page ORDER BY asset DESC LIMIT 1) AS last
"""
PAGE = 20_000
_LEFT = """
SELECT count(*) AS files FROM ledger.library_results r JOIN ledger.libraries l ON l.id = r.library
WHERE l.name = $1 AND r.undo_asked_at IS NOT NULL AND r.undone_at IS NULL AND r.undo_problem IS NULL
"""
_NOT_UNDONE = """
SELECT r.path, r.undo_problem AS problem, count(*) OVER () AS files
FROM ledger.library_results r JOIN ledger.libraries l ON l.id = r.library
WHERE l.name = $1 AND r.undo_problem IS NOT NULL AND r.undone_at IS NULL ORDER BY r.path LIMIT $2
"""
MOST = 1000
_NONE = "There is no library {name!r}; ./ops/library status lists them"
_RESULT = "SELECT outcome, undone_at, freed_at FROM ledger.library_results WHERE asset = $1"


class NoLibrary(NotFound):
    """There is none of this name."""

    code = "no_library"
    title = "There is no such library"


class CannotUndo(Conflict):
    """Nothing of it can be brought back."""

    code = "cannot_undo"
    title = "The original can't be brought back"


async def name_of(library: int) -> str:
    """Raises NoLibrary, Unavailable."""
    rows = await fetch(_NAME, library)
    if not rows:
        raise NoLibrary
    return str(rows[0]["name"])


async def undo(asset: UUID) -> None:
    """Has the original of a file that was replaced brought back. Raises NotFound, CannotUndo, Unavailable."""
    if not await fetch(_UNDO, asset):
        raise CannotUndo(await why_none(asset))


async def why_none(asset: UUID) -> str:
    """Why no original of a file is kept. Raises NotFound, Unavailable."""
    row = await fetch_one(_RESULT, asset)
    if row is None:
        raise NotFound("No file of a library has this id, or nothing was done with it yet")
    gone = "it was brought back already" if row["undone_at"] else "its original is gone by now"
    return gone if row["outcome"] == "replaced" else "it was left as it was"


async def undo_below(name: str, path: bytes) -> int:
    """The same of a file of a library, or of all below a folder of it; how many these are. path: below the library's
    folder, empty for all. Raises NoLibrary, Unavailable.
    """
    libraries = await fetch(_IDS, name)
    must_be(name, libraries)
    place = (path, path.rstrip(b"/") + b"/" if path else b"", digest(path))
    return sum([await _asked_back(row["id"], *place) for row in libraries])


async def _asked_back(library: int, path: bytes, folder: bytes, by_name: bytes) -> int:
    last, files = UUID(int=0), 0
    while last is not None:
        [row] = await fetch(_BELOW, library, last, path, folder, by_name, PAGE)
        last, files = row["last"], files + row["files"]
    return files


async def undoing(name: str) -> tuple[int, list[str]]:
    """How many files of a library are still to be brought back, and why others could not be, of MOST at most. Raises
    Unavailable.
    """
    [left], rows = await fetch(_LEFT, name), await fetch(_NOT_UNDONE, name, MOST)
    return left["files"], problems(rows)


def problems(rows: Sequence[Any]) -> list[str]:
    """A line of each; what each row has: path, problem, and how many files there are of its kind."""
    lines = [f"{shown(row['path'])}: {row['problem']}" for row in rows]
    more = rows[0]["files"] - len(rows) if rows else 0
    return [*lines, *([f"and {more} more"] if more else [])]


async def pause(name: str, paused: bool) -> None:
    """Nothing new is begun while it is paused; what is under way stands still. Raises NoLibrary, Unavailable."""
    must_be(name, await fetch(_PAUSE, name, paused))


async def scan(name: str, unless_within: float = 0.0) -> None:
    """Has it looked through now, unless that was begun in the last so many seconds. Raises NoLibrary, Unavailable."""
    must_be(name, await fetch(_SCAN, name, unless_within))


def must_be(name: str, rows: list[object]) -> None:
    """Raises NoLibrary where nothing was found of that name."""
    if not rows:
        raise NoLibrary(_NONE.format(name=name))
