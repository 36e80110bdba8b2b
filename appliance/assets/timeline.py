"""The life of one asset, as the ledger tells it. Events go after a while; what the rows hold stays."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from appliance.errors import NotFound
from appliance.ledger import states
from appliance.ledger.database import fetch, fetch_one

_ASSET = """
SELECT a.id, a.root, a.owner, a.kind, a.recipe, a.filename, a.state::text AS state, a.created_at, a.expires_at,
    a.hinted_at, a.uploaded_at, b.size, b.sha256
FROM ledger.assets a JOIN ledger.streams s ON s.id = a.stream AND NOT s.closed
LEFT JOIN ledger.blobs b ON b.id = a.blob
WHERE a.id = $1 AND a.state NOT IN ('deleting', 'deleted')
"""
# What a reader gets of an event's facts; the versions of `done` are told by themselves.
_EVENTS = """
SELECT at, seq, type, state::text AS state, facts ->> 'signal' AS signal, facts ->> 'code' AS code,
    facts ->> 'message' AS message, facts ->> 'fixer' AS fixer
FROM ledger.events WHERE asset = $1 ORDER BY seq DESC LIMIT $2
"""
_ATTEMPTS = """
SELECT attempt, worker, claimed_at, ended_at, outcome FROM ledger.attempts WHERE asset = $1
ORDER BY attempt DESC LIMIT $2
"""
_VERSIONS = """
SELECT name, width, height, bytes, content_type, sha256, source_sha256, recipe_hash
FROM ledger.versions WHERE asset = $1 ORDER BY name
"""
_DELIVERIES = """
SELECT at, webhook::text AS webhook, seq, status, error, milliseconds FROM webhook_attempts WHERE asset = $1
ORDER BY id DESC LIMIT $2
"""
MOST = 500  # of events, of attempts and of deliveries: the newest

Entry = dict[str, Any]


class Timeline(msgspec.Struct, frozen=True):
    """`entries` in the order of time: each has `at`, `what`, and what belongs to that; `more`: there are older ones."""

    asset_id: str
    root: str
    owner: str
    kind: str
    filename: str
    state: str | None
    source: dict[str, Any] | None
    versions: list[dict[str, Any]]
    entries: list[Entry]
    more: bool


async def timeline(asset: UUID) -> Timeline:
    """The life of an asset so far. Raises NotFound for what is unknown or deleted."""
    row = await fetch_one(_ASSET, asset)
    if row is None:
        raise NotFound("There is no such asset")
    found = [await _newest(sql, asset) for sql in (_EVENTS, _ATTEMPTS, _DELIVERIES)]
    events, attempts, deliveries = (each[-MOST:] for each in found)
    entries = [*_link(dict(row)), *map(_event, events)]
    if not any(event["state"] == "uploaded" for event in events) and row["uploaded_at"]:
        entries.append({"at": row["uploaded_at"], "what": "uploaded"})  # the event is older than events are kept
    for attempt in attempts:
        entries += _attempt(attempt)
    entries += [{"what": "delivery", **delivery} for delivery in deliveries]
    return Timeline(
        asset_id=str(asset),
        root=row["root"],
        owner=row["owner"],
        kind=row["kind"],
        filename=row["filename"],
        state=states.shown(row["state"]),
        source=None if row["size"] is None else {"bytes": row["size"], "sha256": row["sha256"]},
        versions=[dict(version) for version in await fetch(_VERSIONS, asset)],
        entries=sorted(entries, key=_when),
        more=any(len(each) > MOST for each in found),
    )


async def _newest(sql: str, asset: UUID) -> list[dict[str, Any]]:
    """What `sql` has of an asset, in order: the newest MOST, and one more if there are older ones."""
    return [dict(row) for row in reversed(await fetch(sql, asset, MOST + 1))]


def _link(row: dict[str, Any]) -> list[Entry]:
    """The link, and what its client said of it."""
    entries = [{"at": row["created_at"], "what": "link_issued", "expires_at": row["expires_at"]}]
    if row["hinted_at"]:
        entries.append({"at": row["hinted_at"], "what": "signal", "signal": "hint"})
    return entries


def _event(event: dict[str, Any]) -> Entry:
    what = event["state"] if event["type"] == "state" else event["type"]
    told = {name: event[name] for name in ("signal", "code", "message", "fixer") if event[name] is not None}
    return {"at": event["at"], "what": what, "seq": event["seq"], **told}


def _attempt(attempt: dict[str, Any]) -> list[Entry]:
    number = {"attempt": attempt["attempt"], "worker": attempt["worker"]}
    entries = [{"at": attempt["claimed_at"], "what": "attempt_began", **number}]
    if attempt["ended_at"]:
        entries.append({"at": attempt["ended_at"], "what": "attempt_ended", **number, "outcome": attempt["outcome"]})
    return entries


# What one transaction did has one time: in the order in which it belongs together.
_ORDER = ("link_issued", "init", "attempt_began", "processing", "attempt_ended")


def _when(entry: Entry) -> tuple[datetime, int, int]:
    place = _ORDER.index(entry["what"]) if entry["what"] in _ORDER else len(_ORDER)
    return entry["at"], place, entry.get("seq") or 0
