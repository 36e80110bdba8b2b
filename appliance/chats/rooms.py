"""Rooms and who is in them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from appliance.accounts.callers import Caller
from appliance.accounts.owners import CHATS, OWNER_ID, PROJECTS
from appliance.errors import BadRequest, Conflict, NotFound
from appliance.ledger.database import fetch, fetch_one
from appliance.ledger.service import Ring

MOST_MEMBERS = 5000

_JOINED_AT_ONCE = """
INSERT INTO chat_members (chat, user_id) SELECT made.id, u FROM made, unnest($5::text[]) u ON CONFLICT DO NOTHING
"""
_PROJECT = "(SELECT p.id FROM projects p WHERE p.id = $6 FOR KEY SHARE)"
_ROOMS = """
SELECT c.id, c.name, c.project, c.created_at, s.seq, m.read_seq, ledger.unread(c.id, m.user_id, m.read_seq) AS unread,
    c.retention_days, c.held_reason, c.held_at
FROM chats c JOIN ledger.streams s ON s.root = 'chats' AND s.owner = c.id
{members} JOIN chat_members m ON m.chat = c.id AND m.user_id = $1
WHERE c.deleted_at IS NULL AND {which} ORDER BY c.id LIMIT $3
"""
_OF_MEMBER = _ROOMS.format(members="", which="c.id > $2")
_OF_ALL = _ROOMS.format(members="LEFT", which="c.id > $2")
_ONE = _ROOMS.format(members="LEFT", which="c.id = $2")
_MEMBERS = """
SELECT user_id, joined_at, read_seq FROM chat_members WHERE chat = $1 AND user_id > $2 ORDER BY user_id LIMIT $3
"""
_FULL = "SELECT FROM chat_members WHERE chat = $1 AND user_id <> $2 LIMIT $3"
_IS_IN = """
SELECT FROM chat_members m JOIN chats c ON c.id = m.chat AND c.deleted_at IS NULL WHERE m.chat = $1 AND m.user_id = $2
"""


class Hold(msgspec.Struct):
    """A legal hold."""

    reason: str
    since: datetime


class Room(msgspec.Struct):
    """A chat as one sees it: `seq` is where its stream stands, `read_seq` how far this one has read it, `unread` how
    many messages of others are after that, a hundred at most. `hold` is for servers: a member is not told, and sees
    null.
    """

    chat_id: str
    title: str
    project_id: str | None
    created_at: datetime
    seq: int
    read_seq: int | None
    unread: int | None
    retention_days: int | None
    hold: Hold | None


class Member(msgspec.Struct):
    user_id: str
    joined_at: datetime
    read_seq: int


async def opened(title: str, members: Sequence[str], project: str | None, chat_id: str | None) -> Room:
    """A new chat with its first members. Raises BadRequest, Conflict, and NotFound for a project that is not there."""
    if len(members) > MOST_MEMBERS:
        raise BadRequest("So many can't be in a chat", members=f"{MOST_MEMBERS} at most")
    for user in members:
        must_be_user(user)
    if project is not None:
        await PROJECTS.one(project)
    owner = await CHATS.create(title, chat_id, _JOINED_AT_ONCE, list(members), project, project=_PROJECT)
    return await room(owner.id, None)


def must_be_user(user: str) -> None:
    """Raises BadRequest for what is no user's id."""
    if not OWNER_ID.fullmatch(user):
        raise BadRequest("There is no such user", user_id="1 to 64 letters, digits, - and _")


async def must_be_in(chat: str, caller: Caller) -> str | None:
    """Who speaks: a member's name, None for a server. Raises NotFound for everybody else, as if there were no chat."""
    if caller.owner is None:
        await CHATS.one(chat)
        return None
    await must_be_member(chat, caller.person)
    return caller.person


async def must_be_member(chat: str, person: str | None) -> None:
    """Raises NotFound."""
    if person is None or await fetch_one(_IS_IN, chat, person) is None:
        raise NotFound("There is no such chat")


async def room(chat: str, person: str | None) -> Room:
    """Raises NotFound."""
    found = await fetch_one(_ONE, person, chat, 1)
    if found is None:
        raise NotFound("There is no such chat")
    return _room(found, person)


def _room(row: asyncpg.Record, person: str | None) -> Room:
    *told, reason, since = row
    hold = Hold(reason, since) if since and person is None else None
    return Room(*(*told, hold))


async def rooms(person: str | None, after: str, limit: int) -> list[Room]:
    """At most `limit` chats that `person` is in, or None: all, in the order of their ids, after the id `after`."""
    found = await fetch(_OF_ALL if person is None else _OF_MEMBER, person, after, limit)
    return [_room(row, person) for row in found]


async def members(chat: str, after: str, limit: int) -> list[Member]:
    """At most `limit` members in the order of their names, after the name `after`."""
    return [Member(*row) for row in await fetch(_MEMBERS, chat, after, limit)]


async def read(chat: str, person: str, seq: int) -> None:
    """Notes how far a member has read. It never goes back, nor beyond what there is."""
    await fetch("SELECT ledger.mark_read($1, $2, $3)", chat, person, seq)


class Door:
    """Lets people in and out, and rings for whoever listens."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring

    async def join(self, chat: str, user: str) -> None:
        """What was said before counts as read by this one. Twice is harmless. Raises Conflict."""
        if len(await fetch(_FULL, chat, user, MOST_MEMBERS)) >= MOST_MEMBERS:
            raise Conflict(f"This chat has {MOST_MEMBERS} members, as many as it may")
        self._told(await fetch("SELECT * FROM ledger.join_chat($1, $2)", chat, user))

    async def leave(self, chat: str, user: str) -> None:
        """Twice is harmless."""
        self._told(await fetch("SELECT * FROM ledger.leave_chat($1, $2)", chat, user))

    def _told(self, rows: Sequence[Any]) -> None:
        self._ring((row["stream"], row["seq"]) for row in rows)
