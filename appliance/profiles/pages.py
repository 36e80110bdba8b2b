"""Cursors of lists that are in the order of a time: a place, as text that is good in an address."""

from datetime import UTC, datetime
from uuid import UUID

from appliance.errors import BadRequest

Place = tuple[datetime, UUID]
FIRST: Place = (datetime.min.replace(tzinfo=UTC), UUID(int=0))
LAST: Place = (datetime.max.replace(tzinfo=UTC), UUID(int=(1 << 128) - 1))


def written(at: datetime, one: UUID) -> str:
    return f"{int(at.timestamp() * 1_000_000)}.{one}"


def read(cursor: str) -> Place:
    """What `written` wrote. Raises BadRequest."""
    try:
        microseconds, _, one = cursor.partition(".")
        seconds, rest = divmod(int(microseconds), 1_000_000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest), UUID(one)
    except (ValueError, OverflowError, OSError) as error:
        raise BadRequest("The cursor is not valid", cursor="the `next_cursor` of a page is expected") from error
