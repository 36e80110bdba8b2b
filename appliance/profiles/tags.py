"""Hashtags of published profiles: how many profiles have each, by use or by how they begin."""

import msgspec

from appliance.ledger.database import fetch

_ORDER = "ORDER BY profiles DESC, name LIMIT $1"
_PAGE = f"""
SELECT name, profiles FROM hashtags WHERE profiles > 0
    AND ($2::bigint IS NULL OR profiles < $2 OR (profiles = $2 AND name > $3)) {_ORDER}
"""
# One name after the other from the index, by where each begins; then those few by use.
_BEGINNING = f"""
SELECT name, profiles FROM hashtags WHERE profiles > 0 AND name LIKE $4 ESCAPE '\\'
    AND ($2::bigint IS NULL OR profiles < $2 OR (profiles = $2 AND name > $3)) {_ORDER}
"""


class Hashtag(msgspec.Struct):
    name: str
    profiles: int


async def popular(prefix: str, after: Hashtag | None, limit: int) -> list[Hashtag]:
    """At most `limit` that begin with `prefix`, in its normal form, the most used first, after the one `after`."""
    past = (after.profiles, after.name) if after else (None, "")
    if not prefix:
        return [Hashtag(*row) for row in await fetch(_PAGE, limit, *past)]
    return [Hashtag(*row) for row in await fetch(_BEGINNING, limit, *past, _like(prefix))]


def _like(prefix: str) -> str:
    return "".join(f"\\{one}" if one in "\\%_" else one for one in prefix) + "%"
