"""What failed, over all owners: by pages, by reasons, and tried again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from appliance.accounts.whose import Whose
from appliance.errors import BadRequest, Conflict, NotFound
from appliance.files import service
from appliance.files.service import File
from appliance.files.versions import Linker
from appliance.ledger.database import fetch, fetch_one
from appliance.ledger.service import Ledger
from appliance.upkeep.retry import Retried, retry
from storage import layout

MOST_RETRIED = 10_000  # in one request
CANCELLED = "cancelled"  # what somebody meant to end is told of only where it is asked for
_COLUMNS = """
SELECT a.id, a.root, a.owner, a.kind, a.lane, a.filename, a.error_code AS code, a.error_message AS message,
    a.error_fixer AS fixer, a.changed_at AS failed_at, a.created_at, a.attempts, b.size
FROM ledger.assets a LEFT JOIN ledger.blobs b ON b.id = a.blob
WHERE a.state = 'error'
"""
_ORDER = "ORDER BY a.changed_at DESC, a.id DESC"
_REASONS = """
SELECT error_code AS code, lane, kind, error_fixer AS fixer, count(*) AS failed, count(blob) AS with_file,
    min(changed_at) AS since, max(changed_at) AS last_at
FROM ledger.assets WHERE state = 'error' AND error_code IS DISTINCT FROM 'cancelled'
GROUP BY error_code, lane, kind, error_fixer ORDER BY count(*) DESC, 1, 2, 3, 4 LIMIT 1000
"""


class Which(NamedTuple):
    """Those that failed, of one code, lane, kind or owner; None is any, but of cancelled ones."""

    code: str | None = None
    lane: str | None = None
    kind: str | None = None
    owner: Whose | None = None


class Failed(msgspec.Struct, frozen=True):
    """`fixer`: who can mend it, client or operator. `preview`: a link to the smallest picture that was made of it.
    `size` in bytes; a file that has none never came, and can't be tried again.
    """

    asset_id: str
    root: str
    owner: str
    kind: str
    lane: str
    filename: str
    code: str | None
    message: str | None
    fixer: str | None
    failed_at: datetime
    created_at: datetime
    attempts: int
    size: int | None
    with_file: bool
    preview: str | None


class Reason(msgspec.Struct, frozen=True):
    """How many failed alike, how many of them have their file, and when the first and the last did."""

    code: str | None
    lane: str
    kind: str
    fixer: str | None
    failed: int
    with_file: int
    since: datetime
    last_at: datetime


class Reasons(msgspec.Struct, frozen=True):
    """Why files failed, the commonest reason first; `failed`: all of them."""

    failed: int
    reasons: list[Reason]


def named_owner(text: str | None) -> Whose | None:
    """`projects/ID` as whose that is. Raises BadRequest."""
    if text is None:
        return None
    root, _, owner = text.partition("/")
    if root not in layout.ROOTS or not owner:
        raise BadRequest("The owner is not valid", owner="as in projects/ID or users/ID")
    return Whose(root, owner)


async def page(which: Which, before: tuple[datetime, UUID], limit: int) -> list[Any]:
    """At most `limit` rows, the newest failure first, older than `before`. Raises Unavailable."""
    conditions, args = ["(a.changed_at, a.id) < ($1, $2)"], [*before, limit]
    if which.code is None:
        conditions.append(f"a.error_code IS DISTINCT FROM '{CANCELLED}'")
    for column, value in (("error_code", which.code), ("lane", which.lane), ("kind", which.kind)):
        if value is not None:
            args.append(value)
            conditions.append(f"a.{column} = ${len(args)}")
    if which.owner is not None:
        args += which.owner
        stream = f"SELECT id FROM ledger.streams WHERE root = ${len(args) - 1} AND owner = ${len(args)}"
        conditions.append(f"a.stream = ({stream})")
    return await fetch(f"{_COLUMNS} AND {' AND '.join(conditions)} {_ORDER} LIMIT $3", *args)


async def shown(rows: Sequence[Any], linker: Linker | None) -> list[Failed]:
    """These rows as the API tells of them, with previews where there is what makes links. Raises Unavailable."""
    files = await service.files([row["id"] for row in rows]) if linker else {}
    return [_shown(row, _preview(files.get(row["id"]), linker)) for row in rows]


def _shown(row: Any, preview: str | None) -> Failed:
    told = {name: row[name] for name in Failed.__struct_fields__ if name in row.keys()}  # noqa: SIM118 - a record's
    return Failed(**told, asset_id=str(row["id"]), with_file=row["size"] is not None, preview=preview)


def _preview(file: File | None, linker: Linker | None) -> str | None:
    if file is None or linker is None:
        return None
    pictures = [one for one in file.versions if one["content_type"].startswith("image/") and one["width"]]
    if not pictures:
        return None
    least = min(pictures, key=lambda one: one["width"])
    url: str = linker.version(file.place, file.filename, least)["url"]
    return url


async def reasons() -> Reasons:
    """Raises Unavailable."""
    found = [Reason(**row) for row in await fetch(_REASONS)]
    return Reasons(sum(one.failed for one in found), found)


async def retry_one(ledger: Ledger, asset: UUID) -> Retried:
    """Raises NotFound, Conflict for what has not failed or never came, and Unavailable."""
    row = await fetch_one("SELECT state::text, error_code FROM ledger.assets WHERE id = $1", asset)
    if row is None or row["state"] in ("deleting", "deleted"):
        raise NotFound("There is no such asset")
    if not await ledger.retry([asset]):
        raise Conflict("This one has not failed, or its file never came: that has to be uploaded again")
    done = Retried()
    done.by_code[row["error_code"]] += 1
    return done


async def retry_all(ledger: Ledger, which: Which) -> Retried:
    """At most MOST_RETRIED of them. Raises Unavailable."""
    return await retry(ledger, which.owner, which.code, MOST_RETRIED, which.lane, which.kind)
