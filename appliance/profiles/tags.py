"""Hashtags of published profiles: how many profiles have each, by use or by how they begin."""

import msgspec

from appliance.ledger.database import fetch

_ORDER = "ORDER BY profiles DESC, name LIMIT $1"
PAGE = f"""
SELECT name, profiles FROM hashtags WHERE profiles > 0
    AND ($2::bigint IS NULL OR profiles < $2 OR (profiles = $2 AND name > $3)) {_ORDER}
"""
# Byte by byte, as the index of names has them, so that it is those that begin so which are read.
BEGINNING = f"""
SELECT name, profiles FROM hashtags WHERE profiles > 0 AND name ~>=~ $4 AND name ~<~ $5
    AND ($2::bigint IS NULL OR profiles < $2 OR (profiles = $2 AND name > $3)) {_ORDER}
"""
_LAST = "\U0010ffff"  # after everything that a name can go on with


class Hashtag(msgspec.Struct):
    name: str
    profiles: int


async def popular(prefix: str, after: Hashtag | None, limit: int) -> list[Hashtag]:
    """At most `limit` that begin with `prefix`, in its normal form, the most used first, after the one `after`."""
    past = (after.profiles, after.name) if after else (None, "")
    if not prefix:
        return [Hashtag(*row) for row in await fetch(PAGE, limit, *past)]
    return [Hashtag(*row) for row in await fetch(BEGINNING, limit, *past, prefix, prefix + _LAST)]
