"""What somebody takes up, and the limits of their own."""

import msgspec

from appliance.errors import BadRequest
from appliance.ledger.database import fetch, fetch_one
from appliance.quotas.limits import Limits

MOST = 1 << 53  # what every reader of JSON can hold
_OWN = "SELECT most_slots AS slots, most_files AS files, most_bytes AS bytes, most_requests AS requests "
_SET = """
INSERT INTO ledger.usage (scope, id, most_slots, most_files, most_bytes, most_requests) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (scope, id) DO UPDATE SET most_slots = excluded.most_slots, most_files = excluded.most_files,
    most_bytes = excluded.most_bytes, most_requests = excluded.most_requests
"""


class Usage(msgspec.Struct, frozen=True):
    """Open uploads, files (those and what is stored), and bytes of originals."""

    slots: int = 0
    files: int = 0
    bytes: int = 0


async def usage(scope: str, who: str) -> Usage:
    """What is taken up now."""
    row = await fetch_one("SELECT slots, files, bytes FROM ledger.usage WHERE scope = $1 AND id = $2", scope, who)
    return Usage(*row) if row else Usage()


async def own_limits(scope: str, who: str) -> Limits:
    """The limits of their own; None is that of the settings."""
    row = await fetch_one(f"{_OWN} FROM ledger.usage WHERE scope = $1 AND id = $2", scope, who)
    return Limits(*row) if row else Limits()


async def set_limits(scope: str, who: str, limits: Limits) -> None:
    """Replaces the limits of their own. Raises BadRequest."""
    wrong = {
        name: f"0 (no limit) to {MOST}, or null for what the settings say"
        for name, most in msgspec.structs.asdict(limits).items()
        if most is not None and not 0 <= most <= MOST
    }
    if wrong:
        raise BadRequest("The limits are not valid", **wrong)
    await fetch(_SET, scope, who, limits.slots, limits.files, limits.bytes, limits.requests)
