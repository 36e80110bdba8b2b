"""A user's general stream: the user's own, and of every project's what this user sent; merged when it is read.

There is no stream behind it. A cursor holds how far each of the streams was read, and is nobody's to look into.
"""

import base64
import binascii
import heapq
from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from appliance.errors import BadRequest
from appliance.ledger.database import fetch
from appliance.live.service import EVENT_COLUMNS, Event, event, events
from storage import layout

MOST_CURSOR = 4096  # characters

_STREAMS = f"""
WITH RECURSIVE sent AS (
    (SELECT a.stream FROM ledger.assets a WHERE a.uploader = $1 ORDER BY a.stream LIMIT 1)
    UNION ALL
    SELECT (
        SELECT a.stream FROM ledger.assets a WHERE a.uploader = $1 AND a.stream > s.stream ORDER BY a.stream LIMIT 1
    ) FROM sent s WHERE s.stream IS NOT NULL
)
SELECT s.id, s.seq, s.root = '{layout.USERS}' AND s.owner = $1 AS own, (SELECT epoch FROM ledger.epoch) AS epoch
FROM ledger.streams s WHERE (s.root = '{layout.USERS}' AND s.owner = $1) OR s.id IN (SELECT stream FROM sent)
ORDER BY s.id
"""
# What changed since the cursor's own event: whatever was told of an asset since, its last change is no older, unless it
# is being worked on.
_SENT = f"""
SELECT {EVENT_COLUMNS}
FROM ledger.assets a JOIN ledger.events e ON e.asset = a.id AND e.stream = $2 AND e.seq > $3
JOIN ledger.streams s ON s.id = e.stream LEFT JOIN ledger.blobs b ON b.id = a.blob
WHERE a.uploader = $1 AND a.stream = $2 AND (
    a.state = 'processing'
    OR a.changed_at >= coalesce((SELECT c.at FROM ledger.events c WHERE c.stream = $2 AND c.seq = $3), '-infinity'))
ORDER BY e.seq LIMIT $4
"""


class Cursor(msgspec.Struct, array_like=True):
    """How far each stream was read, by its id; of which epoch of the ledger."""

    epoch: str
    read: dict[int, int]

    def written(self) -> str:
        return base64.urlsafe_b64encode(msgspec.msgpack.encode(self)).decode().rstrip("=")


class Source(NamedTuple):
    """A stream that tells the user something; `own`: all of it."""

    stream: int
    head: int
    own: bool


class Notice(NamedTuple):
    """An event, and the cursor of who has read up to it."""

    event: Event
    cursor: str


def parse(text: str) -> Cursor:
    """What `written` wrote. Raises BadRequest."""
    try:
        if len(text) > MOST_CURSOR:
            raise ValueError("too long")
        return msgspec.msgpack.decode(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), type=Cursor)
    except (msgspec.MsgspecError, binascii.Error, ValueError) as error:
        raise BadRequest("The cursor is not valid", after="the `cursor` of a notification is expected") from error


async def sources(user: str) -> tuple[list[Source], Cursor]:
    """The streams that tell `user` something, and the cursor of who has read all there is."""
    rows = await fetch(_STREAMS, user)
    found = [Source(row["id"], row["seq"], row["own"]) for row in rows]
    epoch = rows[0]["epoch"] if rows else (await fetch("SELECT epoch FROM ledger.epoch"))[0]["epoch"]
    return found, Cursor(epoch, {source.stream: source.head for source in found})


def resumes(cursor: Cursor, head: Cursor) -> bool:
    """Whether there is nothing in it that was never there."""
    return cursor.epoch == head.epoch and all(seq <= head.read.get(one, 0) for one, seq in cursor.read.items())


async def notices(user: str, of: list[Source], after: Cursor, most: int) -> list[Notice]:
    """At most `most` that come after the cursor, in the order of time, each stream's in its own."""
    news = [await _news(user, one, after.read.get(one.stream, 0), most) for one in of if _behind(one, after.read)]
    read, told = dict(after.read), []
    for stream, found in heapq.merge(*news, key=lambda pair: pair[1].at):
        read[stream] = found.seq
        told.append(Notice(found, Cursor(after.epoch, read).written()))
        if len(told) == most:
            break
    return told


def caught_up(cursor: Cursor, of: list[Source]) -> Cursor:
    """The cursor of who has read all that `of` holds up to their heads: also what was nothing to this user."""
    return Cursor(cursor.epoch, cursor.read | {one.stream: one.head for one in of if _behind(one, cursor.read)})


def _behind(source: Source, read: Mapping[int, int]) -> bool:
    return source.head > read.get(source.stream, 0)


async def _news(user: str, source: Source, after: int, most: int) -> list[tuple[int, Event]]:
    if source.own:
        return [(source.stream, found) for found in await events(source.stream, after, most)]
    rows = await fetch(_SENT, user, source.stream, after, most)
    return [(source.stream, event(row)) for row in rows]
