"""Cursors of lists that are in the order of a time: a place, as text that is good in an address."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from appliance.errors import BadRequest

Place = tuple[datetime, UUID]
FIRST: Place = (datetime.min.replace(tzinfo=UTC), UUID(int=0))
LAST: Place = (datetime.max.replace(tzinfo=UTC), UUID(int=(1 << 128) - 1))

# Counted whole: a float of seconds is a microsecond off now and then, and a page would begin with what was read.
_EPOCH, _MICROSECOND = datetime.fromtimestamp(0, UTC), timedelta(microseconds=1)


def written(at: datetime, one: UUID) -> str:
    return f"{(at - _EPOCH) // _MICROSECOND}.{one}"


def read(cursor: str) -> Place:
    """What `written` wrote. Raises BadRequest."""
    try:
        microseconds, _, one = cursor.partition(".")
        return _EPOCH + int(microseconds) * _MICROSECOND, UUID(one)
    except (ValueError, OverflowError) as error:
        raise BadRequest("The cursor is not valid", cursor="the `next_cursor` of a page is expected") from error
