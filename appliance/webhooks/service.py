"""Webhooks: made, listed, moved to another place in the log, deleted; and what was sent."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg
from yarl import URL

from appliance.errors import BadRequest, Conflict, NotFound
from appliance.ledger.database import fetch, fetch_one, lost_as_unavailable
from appliance.webhooks import signing
from appliance.webhooks.addresses import Reach
from appliance.webhooks.post import NOT_PUBLIC
from appliance.webhooks.tables import Attempt, Webhook

EVENTS = ("init", "uploaded", "processing", "done", "error", "deleted", "erased", "unread", "profile")
MOST = 20  # webhooks of one project
LONGEST_URL = 2000  # characters

_CREATE = """
INSERT INTO webhooks (project, url, secret, events, cursor)
SELECT p.id, $2, $3, $4, s.seq FROM projects p JOIN ledger.streams s ON s.root = 'projects' AND s.owner = p.id
WHERE p.id = $1 AND p.deleted_at IS NULL AND (SELECT count(*) FROM webhooks w WHERE w.project = $1) < $5
RETURNING id
"""
_LIST = """
SELECT w.id, w.project, w.url, w.events, w.cursor, s.seq AS head, w.failures, w.failing_since, w.last_error,
    w.due_at, w.disabled_at, w.disabled_reason, w.created_at
FROM webhooks w JOIN projects p ON p.id = w.project AND p.deleted_at IS NULL
JOIN ledger.streams s ON s.root = 'projects' AND s.owner = w.project
"""
_REPLAY = """
UPDATE webhooks w SET cursor = coalesce($2, w.cursor), failures = 0, failing_since = NULL, last_error = NULL,
    due_at = now(), disabled_at = NULL, disabled_reason = NULL
FROM ledger.streams s WHERE w.id = $1 AND s.root = 'projects' AND s.owner = w.project
    AND coalesce($2, w.cursor) <= s.seq RETURNING w.id
"""


async def create(project: str, url: str, secret: str | None, events: Sequence[str], reach: Reach) -> tuple[UUID, str]:
    """A new webhook, told of what happens from now on; its id and its secret, which is shown this once.

    Raises BadRequest, naming the field, and Conflict when the project has the most it may have.
    """
    _check_url(url, reach)
    if unknown := set(events) - set(EVENTS):
        raise BadRequest("The events are not valid", events=f"unknown: {', '.join(sorted(unknown))[:200]}")
    chosen = secret or signing.new_secret()
    signing.decoded(chosen)
    row = await fetch_one(_CREATE, project, url, chosen, sorted(set(events)), MOST)
    if row is None:
        raise Conflict(f"A project may have {MOST} webhooks; delete one that is not needed")
    return row["id"], chosen


def _check_url(url: str, reach: Reach) -> None:
    """What can be said of an address before its name is looked up; that is done at each connection."""
    if len(url) > LONGEST_URL:
        raise BadRequest("The address is not valid", url=f"longer than {LONGEST_URL} characters")
    try:
        parts = URL(url)
        valid = parts.scheme in ("http", "https") and parts.host and parts.port
    except ValueError:
        valid = False
    if not valid:
        raise BadRequest("The address is not valid", url="expected http://… or https://…")
    if parts.user is not None or parts.password is not None or parts.fragment:
        raise BadRequest("The address is not valid", url="a user, a password or a fragment can't be part of it")
    try:
        permitted = reach.permits(str(parts.host))
    except ValueError:
        return
    if not permitted:
        raise BadRequest("The address is not valid", url=NOT_PUBLIC)


async def webhooks(project: str) -> list[dict[str, Any]]:
    """All of a project, the oldest first: where each stands, and why one is disabled."""
    return [_shown(row) for row in await fetch(_LIST + "WHERE w.project = $1 ORDER BY w.created_at, w.id", project)]


async def webhook(webhook_id: UUID) -> dict[str, Any]:
    """One of them. Raises NotFound."""
    row = await fetch_one(_LIST + "WHERE w.id = $1", webhook_id)
    if row is None:
        raise NotFound("There is no such webhook")
    return _shown(row)


def _shown(row: asyncpg.Record) -> dict[str, Any]:
    state = "disabled" if row["disabled_at"] else "failing" if row["failures"] else "ok"
    told = ("url", "created_at", "cursor", "head", "failures", "failing_since", "last_error")
    return {
        "id": str(row["id"]),
        "project_id": row["project"],
        "events": row["events"] or list(EVENTS),
        "state": state,
        **{name: row[name] for name in told},
        "next_attempt_at": row["due_at"] if state == "failing" else None,
        "disabled_at": row["disabled_at"],
        "disabled_reason": row["disabled_reason"],
    }


async def replay(webhook_id: UUID, after: int | None) -> dict[str, Any]:
    """Sends what comes after event `after` (again), at once; None: goes on where it stands. Enables what was disabled.

    Raises NotFound and BadRequest.
    """
    await webhook(webhook_id)
    if not await fetch(_REPLAY, webhook_id, after):
        raise BadRequest("The cursor is not valid", after="there is no such event yet")
    return await webhook(webhook_id)


async def delete(webhook_id: UUID) -> None:
    """Deletes a webhook and what is noted of it. Raises NotFound."""
    await webhook(webhook_id)
    with lost_as_unavailable():
        await Webhook.delete().where(Webhook.id == webhook_id)


async def attempts(webhook_id: UUID, limit: int, before: int | None) -> list[dict[str, Any]]:
    """What was sent to a webhook, the newest first, before the attempt `before`. Raises NotFound."""
    await webhook(webhook_id)
    query = Attempt.select().where(Attempt.webhook == webhook_id)
    if before is not None:
        query = query.where(Attempt.id < before)
    with lost_as_unavailable():
        rows = await query.order_by(Attempt.id, ascending=False).limit(limit)
    return [_attempt(row) for row in rows]


def _attempt(row: dict[str, Any]) -> dict[str, Any]:
    """One attempt; `error` is None for what was taken."""
    told = ("id", "seq", "at", "milliseconds", "status", "error")
    asset = str(row["asset"]) if row["asset"] else None
    return {**{name: row[name] for name in told}, "message_id": row["message"], "image_id": asset}
