"""Reading a stream: its bounds, and its events after a cursor."""

from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from appliance.accounts.whose import Whose
from appliance.errors import NotFound
from appliance.ledger.database import fetch, fetch_one
from appliance.live.cursor import Bounds

PAGE = 100  # events: what is held in memory for a reader, whether it reads or not

_BOUNDS = """
SELECT s.id, s.seq, (SELECT epoch FROM ledger.epoch) AS epoch,
    (SELECT min(e.seq) FROM ledger.events e WHERE e.stream = s.id) AS first
FROM ledger.streams s WHERE s.root = $1 AND s.owner = $2 AND NOT s.closed
"""

# The asset's own row tells whether there is still something to link to.
EVENT_COLUMNS = """
    e.seq, e.at, e.type, e.asset, e.state::text AS state, e.facts::text AS facts,
    s.root, s.owner, a.folder, a.kind, a.recipe, a.filename, a.state::text AS now, b.key, b.version_id, b.size, b.sha256
"""
_EVENTS = f"""
SELECT {EVENT_COLUMNS}
FROM ledger.events e JOIN ledger.streams s ON s.id = e.stream
LEFT JOIN ledger.assets a ON a.id = e.asset LEFT JOIN ledger.blobs b ON b.id = a.blob
WHERE e.stream = $1 AND e.seq > $2 ORDER BY e.seq LIMIT $3
"""


class Event(msgspec.Struct, frozen=True):
    """One event as the ledger keeps it, with what a reader's links are made from."""

    seq: int
    at: datetime
    type: str
    asset: UUID | None
    state: str | None
    facts: dict[str, Any]
    root: str
    owner: str
    folder: str | None
    kind: str | None
    recipe: str | None
    filename: str | None
    now: str | None
    key: str | None
    version_id: str | None
    size: int | None
    sha256: str | None


async def bounds(owner: Whose) -> Bounds:
    """What the owner's stream holds. Raises NotFound for an owner that is unknown or being deleted, and Unavailable."""
    row = await fetch_one(_BOUNDS, *owner)
    if row is None:
        raise NotFound(f"There is no such {owner.noun}")
    first = row["seq"] + 1 if row["first"] is None else row["first"]
    return Bounds(row["id"], row["seq"], first, row["epoch"])


async def events(stream: int, after: int, limit: int = PAGE) -> list[Event]:
    """At most `limit` events after `after`, in order. Numbers are dense and committed in order, so none is missed."""
    return [event(row) for row in await fetch(_EVENTS, stream, after, limit)]


def event(row: asyncpg.Record) -> Event:
    """What EVENT_COLUMNS selected."""
    values = {name: row[name] for name in Event.__struct_fields__}
    values["facts"] = msgspec.json.decode(values["facts"]) if values["facts"] else {}
    return Event(**values)
