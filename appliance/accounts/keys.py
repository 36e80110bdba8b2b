"""Server keys that there are: listed, and withdrawn."""

from datetime import datetime
from typing import NamedTuple

from appliance.accounts.tables import ApiKey
from appliance.errors import NotFound
from appliance.ledger.database import fetch, lost_as_unavailable

_REVOKE = "UPDATE api_keys SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL RETURNING id"


class Key(NamedTuple):
    """What is kept of a key, but for its SHA-256. `revoked_at` is None while it is good."""

    name: str
    admin: bool
    created_at: datetime
    revoked_at: datetime | None


async def listed() -> list[Key]:
    """All keys, the oldest first."""
    with lost_as_unavailable():
        rows = await ApiKey.objects().order_by(ApiKey.id)
    return [Key(row.name, row.admin, row.created_at, row.revoked_at) for row in rows]


async def good(name: str) -> int:
    """How many good keys have this name. Raises NotFound where there is none."""
    count = sum(key.name == name and key.revoked_at is None for key in await listed())
    if not count:
        raise NotFound(f"There is no good key of the name {name!r}")
    return count


async def revoke(name: str) -> int:
    """Withdraws every good key of this name; how many. Raises NotFound.

    A process that knows one takes it for callers.REMEMBER_SECONDS more; tokens made with it live on to their end.
    """
    revoked = await fetch(_REVOKE, name)
    if not revoked:
        raise NotFound(f"There is no good key of the name {name!r}")
    return len(revoked)
