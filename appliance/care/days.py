"""The folders that the ledger knows: a listing of storage leaves out what it can't put together any more."""

from datetime import datetime
from uuid import UUID

from appliance.ledger.database import connect, lost_as_unavailable
from storage import layout

PATIENCE = 3600.0  # seconds: it reads all assets there are
_DAYS = """
SELECT DISTINCT root, owner, folder, (uuid_extract_timestamp(id) AT TIME ZONE 'UTC')::date AS day FROM ledger.assets
WHERE id > $1 AND blob IS NOT NULL AND state NOT IN ('deleting', 'deleted')
"""


async def prefixes(since: datetime | None) -> list[str]:
    """The prefix of each day of each owner of which there is a file, from the day of `since` on. Raises Unavailable."""
    day = since and since.replace(hour=0, minute=0, second=0, microsecond=0)
    first = UUID(int=int(day.timestamp() * 1000) << 80) if day else UUID(int=0)
    connection = await connect()
    try:
        with lost_as_unavailable():
            rows = await connection.fetch(_DAYS, first, timeout=PATIENCE)
    finally:
        await connection.close()
    return [layout.day_prefix(*row) for row in rows]
