"""Where a reader stands in a stream: `SEQ`, or `EPOCH:SEQ` for one who wants to be told of a restore."""

from typing import NamedTuple

from appliance.errors import BadRequest


class Bounds(NamedTuple):
    """What a stream holds: events `first` to `head`, both included; `first` is head + 1 when there is none."""

    stream: int
    head: int
    first: int
    epoch: str


class Cursor(NamedTuple):
    """The last event that a reader has seen; `epoch` is None when the reader didn't say."""

    seq: int
    epoch: str | None = None


def parse(text: str) -> Cursor:
    """The cursor that `text` writes. Raises BadRequest, naming the field."""
    epoch, _, number = text.rpartition(":")
    if not number.isascii() or not number.isdigit() or len(number) > 18:
        raise BadRequest("The cursor is not valid", after="expected SEQ or EPOCH:SEQ")
    return Cursor(int(number), epoch or None)


def resumes(cursor: Cursor, bounds: Bounds) -> bool:
    """Whether every event after it is still there: not so from another epoch, the future, or before the oldest."""
    if cursor.epoch not in (None, bounds.epoch):
        return False
    return bounds.first - 1 <= cursor.seq <= bounds.head
