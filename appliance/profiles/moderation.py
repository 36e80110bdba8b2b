"""What moderators do: claim an edition, look, approve or reject; and what they have done."""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from appliance.errors import BadRequest, Conflict, NotFound
from appliance.ledger.database import fetch, fetch_one
from appliance.profiles.editions import Editions
from appliance.profiles.pages import Place

MOST_REASON = 1000  # characters
NAMED = "moderator "
"""How a moderator is written in the history, before the name."""

_QUEUE = """
SELECT e.id, e.profile, e.name, e.state_at, jsonb_array_length(e.flags) AS flags,
    CASE WHEN e.claimed_until > now() THEN e.claimed_by END AS claimed_by, e.claimed_until
FROM profile_editions e JOIN profiles p ON p.id = e.profile JOIN users u ON u.id = p.user_id AND u.deleted_at IS NULL
WHERE e.state = 'in_review' AND (e.state_at, e.id) > ($1, $2) ORDER BY e.state_at, e.id LIMIT $3
"""
_CLAIM = """
UPDATE profile_editions SET claimed_by = $2, claimed_until = now() + make_interval(secs => $3)
WHERE id = $1 AND state = 'in_review' AND (claimed_by IS NULL OR claimed_by = $2 OR claimed_until < now()) RETURNING id
"""
_RELEASE = """
UPDATE profile_editions SET claimed_by = NULL, claimed_until = NULL
WHERE id = $1 AND state = 'in_review' AND claimed_by = $2
"""
_STANDS = "SELECT e.state, e.claimed_by FROM profile_editions e WHERE e.id = $1"
_DONE = f"""
SELECT h.id, h.at, substr(h.who, {len(NAMED) + 1}) AS moderator, h.edition AS edition_id, e.profile AS profile_id,
    h.target AS state, h.reason, e.name
FROM profile_history h JOIN profile_editions e ON e.id = h.edition
WHERE h.who LIKE '{NAMED}%' AND h.id < $1 ORDER BY h.id DESC LIMIT $2
"""
LAST = (1 << 63) - 1


class Waiting(msgspec.Struct):
    """An edition in the queue. flags: how many things the pre-checks noticed. claimed_by: who is at it."""

    edition_id: UUID
    profile_id: UUID
    name: str
    since: datetime
    flags: int
    claimed_by: str | None
    claimed_until: datetime | None


class Taken(Conflict):
    code = "claimed"
    title = "Another moderator is at it"


class Done(Conflict):
    code = "not_in_review"
    title = "This is not in review any more"


class Unpaid(Conflict):
    code = "unpaid"
    title = "Its payment was undone; it can be approved once it is paid"


async def queue(after: Place, limit: int) -> list[Waiting]:
    """At most `limit` that wait for a moderator, the longest first, after the place `after`."""
    return [Waiting(*row) for row in await fetch(_QUEUE, *after, limit)]


async def claim(edition_id: UUID, moderator: str, seconds: float) -> None:
    """For so long it is this moderator's; again: from now on. Raises NotFound, Taken and Done."""
    if await fetch_one(_CLAIM, edition_id, moderator, seconds) is None:
        raise await _why_not(edition_id, moderator)


async def release(edition_id: UUID, moderator: str) -> None:
    """Twice is harmless."""
    await fetch(_RELEASE, edition_id, moderator)


async def approve(moves: Editions, edition_id: UUID, moderator: str) -> None:
    """Twice is harmless. Raises NotFound, Taken, Done and Unpaid."""
    await _judge(moves, edition_id, moderator, True, "")


async def reject(moves: Editions, edition_id: UUID, moderator: str, reason: str) -> None:
    """The reason is for its owner. Twice is harmless. Raises BadRequest, NotFound, Taken and Done."""
    if not reason.strip() or len(reason) > MOST_REASON:
        raise BadRequest("The reason is not valid", reason=f"1 to {MOST_REASON} characters, for its owner to read")
    await _judge(moves, edition_id, moderator, False, reason.strip())


async def _judge(moves: Editions, edition_id: UUID, moderator: str, approved: bool, reason: str) -> None:
    match await moves.judge(edition_id, moderator, approved, reason):
        case "unpaid":
            raise Unpaid
        case "lost":
            raise await _why_not(edition_id, moderator)


async def _why_not(edition_id: UUID, moderator: str) -> Exception:
    row = await fetch_one(_STANDS, edition_id)
    if row is None:
        return NotFound("There is no such edition")
    if row["state"] != "in_review":
        return Done()
    if row["claimed_by"] == moderator:
        return Taken("Claim it again; it was free for a moment")
    return Taken(f"{row['claimed_by']} is at it" if row["claimed_by"] else "Claim it before you decide")


async def done(before: int | None, limit: int) -> list[dict[str, Any]]:
    """At most `limit` decisions, the newest first, older than the one with the id `before`."""
    return [dict(row) for row in await fetch(_DONE, LAST if before is None else before, limit)]
