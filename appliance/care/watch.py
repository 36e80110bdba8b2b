"""What the last look at the drives saw, kept so that whoever looks next knows what has come back."""

import json
from datetime import datetime
from typing import Any

from appliance.ledger.database import fetch, fetch_one

_KEEP = """
INSERT INTO ledger.watch (seen) VALUES ($1::jsonb) ON CONFLICT (single) DO UPDATE SET seen = excluded.seen
"""


async def last() -> dict[str, Any] | None:
    """What `keep` was given last; None before the first look."""
    row = await fetch_one("SELECT seen::text FROM ledger.watch")
    return json.loads(row["seen"]) if row else None


async def keep(seen: dict[str, Any]) -> None:
    await fetch(_KEEP, json.dumps(seen))


async def began() -> datetime | None:
    """When the drives were looked at for the first time."""
    row = await fetch_one("SELECT began_at FROM ledger.watch")
    return row["began_at"] if row else None
