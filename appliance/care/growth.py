"""How fast storage fills: what came in the last days and is still there, as the ledger knows it."""

import time
from typing import NamedTuple
from uuid import UUID

from appliance.ledger.database import fetch_one

DAYS = 7.0
LEAST_DAYS = 1.0
"""With less than a day of uploads nothing is said: a burst is no growth."""
DAY_SECONDS = 86_400.0

_FIRST = "SELECT extract(epoch FROM uuid_extract_timestamp(id))::float AS at FROM ledger.assets ORDER BY id LIMIT 1"
_CAME = """
SELECT (SELECT coalesce(sum(b.size), 0) FROM ledger.assets a JOIN ledger.blobs b ON b.id = a.blob
        WHERE a.id > $1 AND b.bucket <> '/' AND a.state NOT IN ('deleting', 'deleted'))::float AS originals,
    (SELECT coalesce(sum(v.bytes), 0) FROM ledger.versions v WHERE v.asset > $1)::float AS versions
"""


class Growth(NamedTuple):
    """Bytes a day, over so many days."""

    originals: float
    versions: float
    days: float


async def growth() -> Growth | None:
    """Of the last seven days, or since the first upload; None before that is a day ago. Raises Unavailable."""
    now = time.time()
    first = await fetch_one(_FIRST)
    if first is None or now - first["at"] < LEAST_DAYS * DAY_SECONDS:
        return None
    began = max(first["at"] - 1, now - DAYS * DAY_SECONDS)
    row = await fetch_one(_CAME, UUID(int=int(began * 1000) << 80))
    days = (now - began) / DAY_SECONDS
    return Growth(row["originals"] / days, row["versions"] / days, days) if row else None


async def first_upload() -> float | None:
    """When the oldest file was announced that the ledger still knows, in seconds since 1970. Raises Unavailable."""
    row = await fetch_one(_FIRST)
    return row["at"] if row else None
