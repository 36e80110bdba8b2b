"""Server keys: made, listed, withdrawn."""

import secrets
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from appliance.accounts.callers import KEY_PREFIX
from appliance.accounts.tables import ApiKey
from appliance.errors import BadRequest, NotFound
from appliance.ledger.database import fetch, lost_as_unavailable

_REVOKE = "UPDATE api_keys SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL RETURNING id"


class Key(NamedTuple):
    """What is kept of a key, but for its SHA-256. `revoked_at` is None while it is good."""

    name: str
    admin: bool
    created_at: datetime
    revoked_at: datetime | None


async def create(name: str, admin: bool) -> str:
    """A new server key; only its SHA-256 is kept, so this is the one time it can be read. Raises BadRequest."""
    if not name.strip() or len(name) > 200:
        raise BadRequest("The key's name is not valid", name="1 to 200 characters")
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    with lost_as_unavailable():
        await ApiKey(name=name, sha256=sha256(key.encode()).hexdigest(), admin=admin).save()
    return key


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
