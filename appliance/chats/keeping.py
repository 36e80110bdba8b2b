"""What a chat keeps: for how long, and all of it while there is a legal hold."""

from uuid import UUID

from appliance.config import Settings
from appliance.errors import NotFound
from appliance.ledger.database import fetch, fetch_one
from appliance.ledger.service import Ring
from appliance.logs import log

MOST_DAYS = 36_500
AT_ONCE = 100
"""Messages that one round takes out of view."""

_KEEP = """
UPDATE chats SET retention_days = $2, outdated_at = now() WHERE id = $1 AND deleted_at IS NULL RETURNING id
"""
_HOLD = """
UPDATE chats SET held_at = coalesce(held_at, now()), held_reason = $2 WHERE id = $1 AND deleted_at IS NULL RETURNING id
"""
_RELEASE = """
UPDATE chats c SET held_at = NULL, held_reason = NULL FROM (SELECT id, held_reason FROM chats WHERE id = $1) before
WHERE c.id = before.id AND c.deleted_at IS NULL RETURNING before.held_reason
"""
_DUE = """
SELECT id FROM chats
WHERE outdated_at <= now() AND retention_days IS NOT NULL AND held_at IS NULL AND deleted_at IS NULL
ORDER BY outdated_at LIMIT $1
"""
_OUTDATED = """
SELECT m.id FROM chat_messages m
WHERE m.chat = $1 AND m.deleted_at IS NULL
    AND m.created_at < now() - (SELECT make_interval(days => c.retention_days) FROM chats c WHERE c.id = $1)
ORDER BY m.chat, m.created_at LIMIT $2
"""


async def keep(chat: str, days: int | None) -> None:
    """From now on what is older than `days` goes, beginning at once; None: nothing does. Raises NotFound."""
    if await fetch_one(_KEEP, chat, days) is None:
        raise NotFound("There is no such chat")


async def hold(chat: str, reason: str) -> None:
    """From when this returns nothing of what was said disappears. One that is held gets the new reason, and keeps its
    time. Raises NotFound.
    """
    if await fetch_one(_HOLD, chat, reason) is None:
        raise NotFound("There is no such chat")


async def release(chat: str) -> str | None:
    """Ends a hold, gives its reason; None: there was none. Raises NotFound."""
    found = await fetch_one(_RELEASE, chat)
    if found is None:
        raise NotFound("There is no such chat")
    reason: str | None = found["held_reason"]
    return reason


class Retention:
    """The chore: takes out of view what chats do not keep any longer. A chat knows when its next message will be too
    old, so a round costs what it finds.
    """

    def __init__(self, ring: Ring, settings: Settings) -> None:
        self._ring, self._settings = ring, settings

    async def drop(self) -> int:
        """One round, of at most AT_ONCE messages; gives how many went."""
        left = AT_ONCE
        for row in await fetch(_DUE, AT_ONCE):
            left -= await self._drop(row["id"], left)
            await fetch("SELECT ledger.look_again($1, $2)", row["id"], self._settings.now.events_days)
            if not left:
                break
        return AT_ONCE - left

    async def _drop(self, chat: str, most: int) -> int:
        found = [row["id"] for row in await fetch(_OUTDATED, chat, most)]
        gone = [message for message in found if await self._dropped(chat, message)]
        if gone:
            log.info("past their retention", chat=chat, messages=len(gone))
        return len(gone)

    async def _dropped(self, chat: str, message: UUID) -> bool:
        """Each in a transaction of its own: locks of the files of several could not be taken in their order."""
        rows = await fetch("SELECT * FROM ledger.unsay($1, $2, NULL, true)", chat, message)
        self._ring((row["stream"], row["seq"]) for row in rows)
        return bool(rows)
