"""The folders that the ledger knows: a listing of storage leaves out what it can't put together any more, and does not
tell what was written into an old day's folder lately.
"""

from datetime import UTC, datetime
from uuid import UUID

from appliance.ledger.database import connect, lost_as_unavailable
from storage import layout

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
PATIENCE = 3600.0  # seconds: it reads all assets there are
_DAYS = """
SELECT DISTINCT root, owner, folder, (uuid_extract_timestamp(id) AT TIME ZONE 'UTC')::date AS day FROM ledger.assets
WHERE (id > $1 OR changed_at >= $2) AND blob IS NOT NULL AND state NOT IN ('deleting', 'deleted')
    AND (root, owner) <> ('system', 'library')  -- these lie in folders of hosts, and in buckets of others
"""


async def prefixes(since: datetime | None) -> list[str]:
    """The prefix of each day of each owner of which there is a file: those from the day of `since` on, and those with a
    file that has changed since, as when a version of an old one is made anew. Raises Unavailable.
    """
    day = since and since.replace(hour=0, minute=0, second=0, microsecond=0)
    first = UUID(int=int(day.timestamp() * 1000) << 80) if day else UUID(int=0)
    connection = await connect()
    try:
        with lost_as_unavailable():
            rows = await connection.fetch(_DAYS, first, since or BEGINNING, timeout=PATIENCE)
    finally:
        await connection.close()
    return [layout.day_prefix(*row) for row in rows]
