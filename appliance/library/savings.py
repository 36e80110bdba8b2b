"""What libraries have saved, day by day and by codec."""

from datetime import date

import msgspec

from appliance.ledger.database import fetch

# Bytes on disks: storage may add parity to each.
_DAYS = """
SELECT d.day, count(*) AS files, coalesce(sum(d.less) FILTER (WHERE d.freed), 0)::bigint AS saved_bytes,
    coalesce(sum(d.less) FILTER (WHERE NOT d.freed), 0)::bigint AS saved_later_bytes
FROM (
    SELECT (coalesce(freed_at, at) AT TIME ZONE 'UTC')::date AS day, freed_at IS NOT NULL AS freed,
        (before_bytes - after_bytes) * raw_factor AS less
    FROM ledger.library_results
    WHERE outcome = 'replaced' AND undone_at IS NULL AND coalesce(freed_at, at) > now() - make_interval(days => $1)
) d GROUP BY d.day ORDER BY d.day
"""
_CODECS = """
SELECT before_codec AS before, after_codec AS after, count(*) AS files, sum(before_bytes)::bigint AS before_bytes,
    sum(after_bytes)::bigint AS after_bytes,
    coalesce(sum((before_bytes - after_bytes) * raw_factor) FILTER (WHERE freed_at IS NOT NULL), 0)::bigint
        AS saved_bytes
FROM ledger.library_results WHERE outcome = 'replaced' AND undone_at IS NULL
GROUP BY 1, 2 ORDER BY sum(before_bytes - after_bytes) DESC, 1, 2
"""


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """saved_bytes: of originals that went on this day; saved_later_bytes: of files that were replaced on it and whose
    originals are kept.
    """

    day: date
    files: int
    saved_bytes: int
    saved_later_bytes: int


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """Files of one codec that became another's."""

    before: str | None
    after: str | None
    files: int
    before_bytes: int
    after_bytes: int
    saved_bytes: int


class Savings(msgspec.Struct, frozen=True, kw_only=True):
    """days: those with any, of as many as were asked for; codecs: of all time."""

    days: list[Day]
    codecs: list[Pair]


async def savings(days: int) -> Savings:
    """Of all libraries. Raises Unavailable."""
    return Savings(
        days=[Day(**row) for row in await fetch(_DAYS, days)], codecs=[Pair(**row) for row in await fetch(_CODECS)]
    )
