"""What people want of a library; its worker does it at its next look."""

from uuid import UUID

from appliance.errors import Conflict, NotFound
from appliance.ledger.database import fetch, fetch_one
from appliance.library.listing import shown

_NAME = "SELECT name FROM ledger.libraries WHERE id = $1"
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
# By its name before or now, or by a folder above.
_BELOW = """
WITH asked AS (
    UPDATE ledger.library_results r SET undo_asked_at = coalesce(undo_asked_at, now()), undo_problem = NULL,
        release_asked_at = NULL, release_problem = NULL
    FROM ledger.libraries l
    WHERE l.name = $1 AND r.library = l.id AND r.outcome = 'replaced' AND r.undone_at IS NULL AND r.freed_at IS NULL
        AND (r.path = $2::bytea OR substring(r.path FROM 1 FOR octet_length($3::bytea)) = $3::bytea
            OR EXISTS (SELECT FROM ledger.library_files f WHERE f.asset = r.asset AND f.path = $2::bytea))
    RETURNING r.asset
)
SELECT (SELECT count(*) FROM asked) AS files FROM ledger.libraries l WHERE l.name = $1
"""
_UNDOING = """
SELECT r.path, r.undo_problem FROM ledger.library_results r JOIN ledger.libraries l ON l.id = r.library
WHERE l.name = $1 AND r.undo_asked_at IS NOT NULL AND r.undone_at IS NULL ORDER BY r.path
"""
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
    rows = await fetch(_BELOW, name, path, path.rstrip(b"/") + b"/" if path else b"")
    if rows:
        return int(rows[0]["files"])
    raise NoLibrary(_NONE.format(name=name))


async def undoing(name: str) -> tuple[int, list[str]]:
    """How many files of a library are still to be brought back, and why others could not be. Raises Unavailable."""
    rows = await fetch(_UNDOING, name)
    problems = [f"{shown(row['path'])}: {row['undo_problem']}" for row in rows if row["undo_problem"]]
    return len(rows) - len(problems), problems


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
