"""Files: what each is, and reading what became of it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from appliance.accounts.whose import Whose
from appliance.errors import NotFound
from appliance.files.versions import Home, Linker, Original
from appliance.ledger import states
from appliance.ledger.database import fetch
from appliance.ledger.failures import MISSING
from processors.profiles import IMAGE

PHOTO, FILE, DRAFT = "photo", "file", "draft"
"""Recipes: of what must be a picture, and of what is read as its content asks for. Pictures of both are the same. Of a
draft, which must be a video, just enough to judge it by is made; `ledger.develop` makes a file of it.
"""

_COLUMNS = """
SELECT a.id, a.root, a.owner, a.folder, a.kind, a.filename, a.state::text AS state, a.error_code, a.error_message,
    a.facts::text AS facts, a.created_at, b.key, b.version_id, b.size, b.sha256
"""
_ONE = (
    _COLUMNS
    + """
FROM ledger.assets a JOIN ledger.streams s ON s.id = a.stream AND NOT s.closed LEFT JOIN ledger.blobs b ON b.id = a.blob
WHERE a.id = $1 AND ($2::text IS NULL OR a.kind = $2) AND a.state NOT IN ('deleting', 'deleted')
"""
)
_SOME = f"""
{_COLUMNS} FROM ledger.assets a LEFT JOIN ledger.blobs b ON b.id = a.blob
WHERE a.id = ANY ($1) AND a.state NOT IN ('deleting', 'deleted')
"""
# BETWEEN and its order, so that only an index of the owner's assets will do: of one who has few, Postgres might expect
# some soon among all assets, and read these to their end.
_NEWEST = """
SELECT * FROM ledger.assets a WHERE a.stream BETWEEN $1 AND $1 AND {state} AND ($4::text IS NULL OR a.kind = $4)
    AND ($5::text IS NULL OR a.folder = $5) AND a.id < $2 AND a.state NOT IN ('deleting', 'deleted')
    ORDER BY {order}, a.id DESC LIMIT $3
"""
_PAGE = f"""
{_COLUMNS} FROM ({_NEWEST.format(state="true", order="a.stream")}) a
LEFT JOIN ledger.blobs b ON b.id = a.blob ORDER BY a.id DESC
"""
_IN_FOLDER = "a.folder BETWEEN $5 AND $5 AND a.folder <> 'images'"  # as the index has it
_PAGE_OF_FOLDER = f"""
{_COLUMNS} FROM ({_NEWEST.format(state=_IN_FOLDER, order="a.stream, a.folder")}) a
LEFT JOIN ledger.blobs b ON b.id = a.blob ORDER BY a.id DESC
"""
_PAGE_OF_STATES = f"""
{_COLUMNS} FROM unnest($6::text[]::ledger.asset_state[]) w (state)
CROSS JOIN LATERAL ({_NEWEST.format(state="a.state BETWEEN w.state AND w.state", order="a.stream, a.state")}) a
LEFT JOIN ledger.blobs b ON b.id = a.blob ORDER BY a.id DESC LIMIT $3
"""
_END = UUID(int=(1 << 128) - 1)  # after every id
_VERSIONS = """
SELECT asset, name, width, height, bytes, content_type, extension, sha256 FROM ledger.versions
WHERE asset = ANY ($1) AND ordered IS NULL
"""


class File(msgspec.Struct, frozen=True):
    """One file as the ledger keeps it, with its versions."""

    id: UUID
    root: str
    owner: str
    folder: str
    kind: str
    filename: str
    state: str
    error_code: str | None
    error_message: str | None
    facts: dict[str, Any]
    created_at: Any
    key: str | None
    version_id: str | None
    size: int | None
    sha256: str | None
    versions: list[dict[str, Any]]

    @property
    def whose(self) -> Whose:
        return Whose(self.root, self.owner)

    @property
    def place(self) -> Home:
        return Home(self.root, self.owner, self.folder, self.id)

    @property
    def told_state(self) -> str | None:
        """Its state as the API calls it."""
        return states.shown(self.state)

    @property
    def original(self) -> Original | None:
        if self.key is None or self.version_id is None or self.size is None or self.error_code == MISSING.code:
            return None
        return Original(self.key, self.version_id, self.size, self.sha256, self.facts)

    def shown(self, linker: Linker, full: bool) -> dict[str, Any]:
        """This file as the API tells of it; with `full` each version with its measures, else its URL alone."""
        versions = linker.all(self.place, self.kind, self.filename, self.original, self.versions)
        if not full:
            versions = {name: version and version["url"] for name, version in versions.items()}
        return {
            # A picture is a file: there is one space of ids.
            "file_id": str(self.id),
            "image_id": str(self.id),
            "progress_id": str(self.id),
            "kind": self.kind,
            "state": self.told_state,
            **self.whose.told(),
            "filename": self.filename,
            "created_at": self.created_at,
            "error": self._error(),
            "facts": self.facts or None,
            "versions": versions,
        }

    def _error(self) -> dict[str, str | None] | None:
        if self.state == states.State.EXPIRED:
            return dict(states.EXPIRED_ERROR)
        if self.state == states.State.ERROR:
            return {"code": self.error_code, "message": self.error_message}
        return None


async def file(file_id: UUID, kind: str | None = None) -> File:
    """One file, of that kind if one is named. Raises NotFound for what is unknown or deleted."""
    found = await _files(_ONE, file_id, kind)
    if not found:
        raise NotFound(f"There is no such {kind or 'file'}")
    return found[0]


async def files(ids: Sequence[UUID]) -> dict[UUID, File]:
    """Those of these files that are in view, by their ids."""
    return {one.id: one for one in await _files(_SOME, list(ids))} if ids else {}


async def page(
    stream: int,
    state: str | None,
    before: UUID | None,
    limit: int,
    kind: str | None = None,
    folder: str | None = None,
) -> tuple[list[File], UUID | None]:
    """At most `limit` files of an owner, of one kind or in one folder if that is named, newest first, older than
    `before`; and where the next page begins.
    """
    place = (stream, before or _END, limit + 1, kind, folder)
    if state:
        found = await _files(_PAGE_OF_STATES, *place, list(states.kept(state)))
    else:
        found = await _files(_PAGE if folder in (None, IMAGE.folder) else _PAGE_OF_FOLDER, *place)
    more = len(found) > limit
    return found[:limit], found[limit - 1].id if more else None


async def _files(sql: str, *args: Any) -> list[File]:
    rows = await fetch(sql, *args)
    versions: defaultdict[UUID, list[dict[str, Any]]] = defaultdict(list)
    if rows:
        for version in await fetch(_VERSIONS, [row["id"] for row in rows]):
            versions[version["asset"]].append(dict(version))
    return [_file(dict(row), versions[row["id"]]) for row in rows]


def _file(row: dict[str, Any], versions: list[dict[str, Any]]) -> File:
    facts = msgspec.json.decode(row.pop("facts") or "{}")
    return File(**row, facts=facts, versions=versions)
