"""Libraries whose workflow nobody has mounted any more, and of whose originals something is asked all the same."""

from collections.abc import Collection

import msgspec

from appliance.ledger.database import fetch
from appliance.library.catalogue import Library
from appliance.library.workflow import Workflow
from appliance.logs import log

# As for `standing.mounted`: a worker that begins anew says what it has within that time. Originals as in upkeep.py.
_ORPHANED = """
SELECT l.id, l.name, l.workflow::text AS workflow, l.paused FROM ledger.libraries l
WHERE l.workflow <> '{}' AND l.mounted_at < now() - interval '1 minute' AND NOT (l.id = ANY ($1)) AND (
    (SELECT true FROM ledger.library_results r
        WHERE r.library = l.id AND r.undo_asked_at IS NOT NULL AND r.undo_problem IS NULL AND r.undone_at IS NULL
        ORDER BY r.undo_asked_at, r.asset LIMIT 1)
    OR (SELECT true FROM ledger.library_results r
        WHERE r.library = l.id AND r.release_asked_at IS NOT NULL AND r.release_problem IS NULL
            AND r.freed_at IS NULL AND r.undone_at IS NULL
        ORDER BY r.release_asked_at, r.asset LIMIT 1)
)
"""


async def orphans(mounted: Collection[int]) -> list[Library]:
    """By the workflow that each had last. mounted: those that this worker has. Raises Unavailable."""
    found = []
    for row in await fetch(_ORPHANED, list(mounted)):
        try:
            workflow = msgspec.json.decode(row["workflow"], type=Workflow)
        except msgspec.ValidationError as error:
            log.error("the last workflow of a library can't be used", library=row["name"], reason=str(error))
            continue
        found.append(Library(row["id"], workflow, row["paused"]))
    return found
