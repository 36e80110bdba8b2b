"""A user's general stream: the user's own, and of every project's what this user sent; merged when it is read.

There is no stream behind it. A cursor holds how far each of the streams was read, and is nobody's to look into.
"""

import base64
import binascii
from typing import Annotated, NamedTuple

import msgspec

from appliance.errors import BadRequest, Conflict
from appliance.ledger.database import fetch
from appliance.live.service import EVENT_COLUMNS, Event, event
from storage import layout

MOST_STREAMS = 1000  # in which events of one user are kept; each takes at most 14 characters of a cursor
MOST_CURSOR = 14_000  # characters: room for so many; the edge takes 16 KiB of a request's address and headers together
REMEMBERED_MONTHS = 12  # for which `ledger.dropped` is kept

# From stream to stream by the index: events of others are not read, nor those before the user's last.
_SOURCES = f"""
WITH RECURSIVE sent AS (
    (SELECT e.stream, e.seq FROM ledger.events e WHERE e.uploader = $1 ORDER BY e.stream DESC, e.seq DESC LIMIT 1)
    UNION ALL
    SELECT further.* FROM sent s CROSS JOIN LATERAL (
        SELECT e.stream, e.seq FROM ledger.events e WHERE e.uploader = $1 AND e.stream < s.stream
        ORDER BY e.stream DESC, e.seq DESC LIMIT 1
    ) further
), own AS (
    SELECT s.id, s.seq, coalesce((SELECT min(e.seq) - 1 FROM ledger.events e WHERE e.stream = s.id), s.seq) AS before
    FROM ledger.streams s WHERE s.root = '{layout.USERS}' AND s.owner = $1
)
SELECT c.epoch, c.kept_from, r.* FROM ledger.epoch c LEFT JOIN (
    SELECT o.id AS stream, o.seq, o.before FROM own o
    UNION ALL
    SELECT s.stream, s.seq, NULL FROM sent s WHERE s.stream NOT IN (SELECT o.id FROM own o)
) r ON true
"""
# In the order of time, but never against that of a stream: times are those of the beginnings of transactions, and which
# of two is the first to commit, and so has the lower number, may have begun later.
# Of a chat that the user is not in (any more) only that a file is gone.
# Whole rows are compared, and looked up one by one, so that no other index than that of uploaders will do: a month's
# first statistics may say that all events are this user's, or none, and then its thousands of others would be read.
_NEWS = f"""
WITH news AS (
    SELECT n.* FROM unnest($2::bigint[], $3::bigint[]) AS c (stream, seq) CROSS JOIN LATERAL (
        SELECT s.root <> '{layout.CHATS}' OR EXISTS (
            SELECT FROM chat_members m WHERE m.chat = s.owner AND m.user_id = $1
        ) AS seen FROM ledger.streams s WHERE s.id = c.stream
    ) w CROSS JOIN LATERAL (
        SELECT f.*, max(f.at) OVER (ORDER BY f.seq) AS turn FROM (
            SELECT e.stream, e.seq, e.at FROM ledger.events e
            WHERE (e.uploader, e.stream, e.seq) > ($1, c.stream, c.seq)
                AND (e.uploader, e.stream, e.seq) < ($1, c.stream + 1, 0) AND e.uploader IS NOT NULL
                AND (w.seen OR e.type IN ('deleted', 'erased'))
            ORDER BY e.uploader, e.stream, e.seq LIMIT $6
        ) f
    ) n
    UNION ALL
    SELECT f.*, max(f.at) OVER (ORDER BY f.seq) FROM (
        SELECT e.stream, e.seq, e.at FROM ledger.events e
        WHERE e.stream = $4 AND e.seq > $5 ORDER BY e.seq LIMIT $6
    ) f
    ORDER BY turn, stream, seq LIMIT $6
)
SELECT n.stream, {EVENT_COLUMNS}
FROM news n CROSS JOIN LATERAL (
    SELECT * FROM ledger.events w WHERE w.stream = n.stream AND w.seq = n.seq AND w.at = n.at LIMIT 1
) e JOIN ledger.streams s ON s.id = e.stream
LEFT JOIN ledger.assets a ON a.id = e.asset LEFT JOIN ledger.blobs b ON b.id = a.blob
ORDER BY n.turn, n.stream, n.seq
"""
# A number in a cursor that there never was, or one before what was dropped since the cursor was given.
_LOST = """
SELECT c.stream FROM unnest($2::bigint[], $3::bigint[]) AS c (stream, seq)
LEFT JOIN ledger.streams s ON s.id = c.stream WHERE c.seq > coalesce(s.seq, 0)
UNION ALL
SELECT d.stream FROM ledger.dropped d
LEFT JOIN unnest($2::bigint[], $3::bigint[]) AS c (stream, seq) ON c.stream = d.stream
WHERE d.uploader = $1 AND d.month >= $4 AND d.seq > coalesce(c.seq, 0)
LIMIT 1
"""

_Number = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]


class Cursor(msgspec.Struct, array_like=True):
    """epoch: of the ledger. read: how far each stream was, by its id; nothing of those that are not there. kept_from:
    the oldest month of which events were kept when it was given, so that nothing of before that was still to be read.
    """

    epoch: str
    read: dict[_Number, _Number]
    kept_from: Annotated[int, msgspec.Meta(ge=0, le=(1 << 31) - 1)] = 0

    def written(self) -> str:
        return base64.urlsafe_b64encode(msgspec.msgpack.encode(self)).decode().rstrip("=")

    def within(self, head: "Cursor") -> "Cursor":
        """The same place, as who comes back now is given it: without streams in which nothing that was read is kept."""
        read = {stream: seq for stream, seq in self.read.items() if stream in head.read}
        return Cursor(head.epoch, read, head.kept_from)


class Sources(NamedTuple):
    """The streams that tell a user something. `own`: the one of which that is all, None where there is none. `head` and
    `start`: cursors of who has read all there is, and nothing.
    """

    own: int | None
    head: Cursor
    start: Cursor


class Notice(NamedTuple):
    """An event, and the cursor of who has read up to it."""

    event: Event
    cursor: Cursor


def parse(text: str) -> Cursor:
    """What `written` wrote. Raises BadRequest."""
    try:
        if len(text) > MOST_CURSOR:
            raise ValueError("too long")
        return msgspec.msgpack.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Cursor)
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise BadRequest("The cursor is not valid", after="the `cursor` of a notification is expected") from error


async def sources(user: str) -> Sources:
    """What tells `user` something. Raises Conflict for more streams than a cursor has room for."""
    rows = await fetch(_SOURCES, user)
    epoch, kept_from = rows[0]["epoch"], rows[0]["kept_from"]
    streams = [row for row in rows if row["stream"] is not None]
    if len(streams) > MOST_STREAMS:
        raise Conflict(f"This user has sent files to more than {MOST_STREAMS} projects lately")
    before = {row["stream"]: row["before"] for row in streams if row["before"] is not None}
    head = Cursor(epoch, {row["stream"]: row["seq"] for row in streams}, kept_from)
    return Sources(next(iter(before), None), head, Cursor(epoch, before, kept_from))


async def resumes(user: str, cursor: Cursor, of: Sources) -> bool:
    """Whether all that `user` was to be told after it is still there, and it is of this ledger."""
    if cursor.epoch != of.head.epoch or cursor.kept_from < of.head.kept_from - REMEMBERED_MONTHS:
        return False
    if any(cursor.read.get(own, 0) < before for own, before in of.start.read.items()):
        return False
    return not await fetch(_LOST, user, list(cursor.read), list(cursor.read.values()), cursor.kept_from)


async def notices(user: str, of: Sources, after: Cursor, most: int) -> list[Notice]:
    """At most `most` that come after the cursor, in the order of time, each stream's in its own."""
    behind = {stream: after.read.get(stream, 0) for stream, head in of.head.read.items()}
    behind = {stream: seq for stream, seq in behind.items() if seq < of.head.read[stream]}
    if not behind:
        return []
    own = (of.own, behind.pop(of.own)) if of.own in behind else (None, 0)
    told, read = [], dict(after.read)
    for row in await fetch(_NEWS, user, list(behind), list(behind.values()), *own, most):
        found = event(row)
        read[row["stream"]] = found.seq
        told.append(Notice(found, Cursor(after.epoch, dict(read), after.kept_from)))
    return told
