"""The folders that there are: made where they are missing, and read."""

from datetime import datetime
from typing import NamedTuple

from appliance.errors import NotFound
from appliance.ledger.database import fetch
from storage import layout

# What should be there: each root, each of its owners, and what is declared below them.
_MISSING = """
WITH of_nobody AS (
    INSERT INTO ledger.streams (root, owner) VALUES ($3, $4) ON CONFLICT DO NOTHING
), declared AS (SELECT * FROM unnest($1::text[], $2::text[]) AS d (root, name)),
owners AS (
    SELECT s.root, s.owner FROM ledger.streams s WHERE NOT s.closed UNION SELECT $3, $4
)
INSERT INTO folders (root, owner, name)
SELECT w.root, w.owner, w.name FROM (
    SELECT DISTINCT d.root, '' AS owner, '' AS name FROM declared d
    UNION ALL SELECT o.root, o.owner, '' FROM owners o
    UNION ALL SELECT o.root, o.owner, d.name FROM owners o JOIN declared d USING (root)
) w WHERE NOT EXISTS (SELECT FROM folders f WHERE (f.root, f.owner, f.name) = (w.root, w.owner, w.name))
ON CONFLICT DO NOTHING RETURNING root, owner, name
"""
_ROOTS = "SELECT root, owner, name, created_at FROM folders WHERE owner = '' AND name = '' ORDER BY root"
_OWNERS = """
SELECT f.root, f.owner, f.name, f.created_at
FROM folders f LEFT JOIN ledger.streams s ON s.root = f.root AND s.owner = f.owner
WHERE f.root = $1 AND f.owner > $2 AND f.name = '' AND s.closed IS NOT TRUE ORDER BY f.owner LIMIT $3
"""
_BELOW = """
SELECT f.root, f.owner, f.name, f.created_at
FROM folders f LEFT JOIN ledger.streams s ON s.root = f.root AND s.owner = f.owner
WHERE f.root = $1 AND f.owner = $2 AND f.name <> '' AND s.closed IS NOT TRUE ORDER BY f.name
"""


class Folder(NamedTuple):
    """A root's own folder has no owner and no name, an owner's own no name."""

    root: str
    owner: str
    name: str
    created_at: datetime

    @property
    def path(self) -> str:
        """Also the beginning of the keys of all that is in it."""
        return "/".join(part for part in (self.root, self.owner, self.name) if part)


async def make_missing() -> list[str]:
    """Makes the rows of folders that should be there and are not; their paths. Twice is harmless."""
    declared = [(root, name) for root, names in layout.FOLDERS.items() for name in names]
    columns = [list(column) for column in zip(*declared, strict=True)]
    rows = await fetch(_MISSING, *columns, layout.SYSTEM, layout.APPLIANCE)
    return sorted("/".join(part for part in row if part) for row in rows)


async def roots() -> list[Folder]:
    return [Folder(*row) for row in await fetch(_ROOTS)]


async def owners(root: str, limit: int, after: str) -> list[Folder]:
    """At most `limit` folders of the owners below `root`, in the order of their ids, after `after`. Raises NotFound."""
    known(root)
    return [Folder(*row) for row in await fetch(_OWNERS, root, after, limit)]


async def below(root: str, owner: str) -> list[Folder]:
    """The folders of one owner. Raises NotFound."""
    known(root)
    found = [Folder(*row) for row in await fetch(_BELOW, root, owner)]
    if not found:
        raise NotFound("There is no such folder")
    return found


def known(root: str, name: str | None = None) -> None:
    """Raises NotFound for a root that is not declared, or a folder that is not declared below it."""
    if root not in layout.FOLDERS or (name is not None and name not in layout.FOLDERS[root]):
        raise NotFound("There is no such folder")
