"""What the sender asks of the ledger and tells it: who is due, what comes next for them, and what came of it.

A cursor only moves by compare-and-set. Whoever is killed between the receiver's yes and the move sends the same
message again, under the same id; a replay that was asked for meanwhile wins.
"""

from collections.abc import Collection
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from appliance.files.versions import Linker
from appliance.ledger import states
from appliance.ledger.database import fetch, fetch_one
from appliance.live.presenting import present
from appliance.live.service import PAGE, Event, events
from appliance.webhooks.post import Outcome

_DUE = """
SELECT w.id, w.project, w.url, w.secret, w.events, w.cursor, w.failures, s.id AS stream, s.seq AS head,
    (SELECT epoch FROM ledger.epoch) AS epoch
FROM webhooks w JOIN ledger.streams s ON s.root = 'projects' AND s.owner = w.project
WHERE w.disabled_at IS NULL AND w.due_at <= now() AND w.cursor < s.seq AND w.id <> ALL ($1)
ORDER BY w.due_at LIMIT $2
"""
_STREAMS = """
SELECT DISTINCT s.id FROM webhooks w JOIN ledger.streams s ON s.root = 'projects' AND s.owner = w.project
WHERE w.disabled_at IS NULL
"""
_ATTEMPTED = """
WITH moved AS (
    UPDATE webhooks SET {move} WHERE id = $1 AND cursor = $2 AND disabled_at IS NULL RETURNING disabled_at
), noted AS (
    INSERT INTO webhook_attempts (webhook, message, seq, asset, milliseconds, status, error)
    SELECT w.id, $3, $4, $5, $6, $7, $8 FROM webhooks w WHERE w.id = $1
)
SELECT disabled_at FROM moved
"""
_TAKEN = _ATTEMPTED.format(
    move="cursor = $4, failures = 0, failing_since = NULL, last_error = NULL, due_at = now(), disabled_reason = $8"
)
_FAILED = _ATTEMPTED.format(
    move="""
    failures = failures + 1, failing_since = coalesce(failing_since, now()), last_error = $8,
    due_at = now() + make_interval(secs => $9),
    disabled_at = CASE WHEN $10 OR failing_since <= now() - make_interval(secs => $11) THEN now() END,
    disabled_reason = CASE WHEN $10 THEN 'the receiver answered 410: it wants no more'
        WHEN failing_since <= now() - make_interval(secs => $11)
        THEN 'nothing was taken for too long; at last ' || $8 END"""
)
_PASSED = "UPDATE webhooks SET cursor = $3, due_at = now() WHERE id = $1 AND cursor = $2"
_FORGET = """
DELETE FROM webhook_attempts WHERE id IN (
    SELECT id FROM webhook_attempts WHERE at < now() - make_interval(days => $1) ORDER BY at LIMIT 5000
) RETURNING id
"""


class Turn(NamedTuple):
    """A webhook with something to be told; `cursor` and `failures` as they were when it was looked at."""

    id: UUID
    project: str
    url: str
    secret: str
    events: list[str]
    cursor: int
    failures: int
    stream: int
    head: int
    epoch: str


class Message(NamedTuple):
    """One event as this webhook is told of it; `body` is None for what it does not want to know."""

    seq: int
    id: str
    asset: UUID | None
    body: bytes | None


async def due(under_way: Collection[UUID], most: int) -> list[Turn]:
    """Webhooks that have something to be told now, the longest waiting first. Raises Unavailable."""
    return [Turn(**row) for row in await fetch(_DUE, list(under_way), most)]


async def streams() -> set[int]:
    """The streams of all projects that have a webhook which is not disabled. Raises Unavailable."""
    return {row["id"] for row in await fetch(_STREAMS)}


def name(event: Event) -> str:
    """What a webhook chooses its events by: the state that the API shows, or the type of what changes no state."""
    return (states.shown(event.state) or event.type) if event.type == "state" else event.type


async def messages(turn: Turn, linker: Linker) -> list[Message]:
    """What comes after its cursor, in order. Where events are kept no longer, `reset` says up to which number."""
    page = await events(turn.stream, turn.cursor, PAGE)
    told = [_message(turn, event, linker) for event in page]
    first = page[0].seq if page else turn.head + 1
    return [_reset(turn, first), *told] if first > turn.cursor + 1 else told


def _message(turn: Turn, event: Event, linker: Linker) -> Message:
    wanted = not turn.events or name(event) in turn.events
    body = msgspec.json.encode(present(event, linker, for_server=True)) if wanted else None
    return Message(event.seq, f"{turn.epoch}:{event.seq}", event.asset, body)


def _reset(turn: Turn, first: int) -> Message:
    told: dict[str, Any] = {"type": "reset", "project_id": turn.project, "seq": first - 1, "first": first}
    return Message(
        first - 1, f"{turn.epoch}:{first - 1}:reset", None, msgspec.json.encode({**told, "epoch": turn.epoch})
    )


async def taken(turn: Turn, message: Message, outcome: Outcome) -> bool:
    """Moves the cursor over `message`; False when the webhook was moved, disabled or deleted meanwhile."""
    return await fetch_one(_TAKEN, *_facts(turn, message, outcome)) is not None


async def failed(turn: Turn, message: Message, outcome: Outcome, wait: float, patience: float) -> bool:
    """Puts the webhook off for `wait` seconds; True when that was the end: 410, or `patience` seconds of failures."""
    row = await fetch_one(_FAILED, *_facts(turn, message, outcome), wait, outcome.gone, patience)
    return row is not None and row["disabled_at"] is not None


def _facts(turn: Turn, message: Message, outcome: Outcome) -> tuple[Any, ...]:
    sent = (message.id, message.seq, message.asset)
    return (turn.id, turn.cursor, *sent, outcome.milliseconds, outcome.status, outcome.error or None)


async def passed(turn: Turn, seq: int) -> None:
    """Moves the cursor over what this webhook does not want to know."""
    await fetch(_PASSED, turn.id, turn.cursor, seq)


async def forget(days: int) -> None:
    """Deletes attempts older than is kept, in small portions."""
    while await fetch(_FORGET, days):
        pass
