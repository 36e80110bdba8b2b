"""Messages and their attachments: saved with the event that tells of them, read with what their files are by now."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from appliance.errors import BadRequest, Conflict, LegalHold, NotFound
from appliance.files import service
from appliance.files.versions import Linker
from appliance.ledger.database import fetch
from appliance.ledger.service import Asker, Ring
from appliance.quotas.errors import LimitReached
from storage import layout

MOST_TEXT = 16_000  # characters
MOST_FILES = 20
CLIENT_ID = 64  # characters
PUBLISHED = "file:"
"""How the id begins that says which file a message publishes; `ledger.unpublish` frees it."""

_COLUMNS = "SELECT m.id, m.chat, m.author, m.text, m.client_id, m.created_at, m.deleted_at, m.seq FROM chat_messages m"
# BETWEEN and its order, so that only the index of the chat's messages will do, however large another chat is.
_PAGE = f"""
{_COLUMNS} WHERE m.chat BETWEEN $1 AND $1 AND m.id < $2 AND m.deleted_at IS NULL
ORDER BY m.chat DESC, m.id DESC LIMIT $3
"""
_FOLLOWING = f"""
{_COLUMNS} WHERE m.chat BETWEEN $1 AND $1 AND m.id > $2 AND m.id <= $3 AND m.deleted_at IS NULL
ORDER BY m.chat, m.id LIMIT $4
"""
_SOME = f"{_COLUMNS} WHERE m.chat = $1 AND m.id = ANY ($2)"
_OF_CLIENT = f"{_COLUMNS} WHERE m.chat = $1 AND m.author IS NOT DISTINCT FROM $2 AND m.client_id = $3"
_ATTACHED = "SELECT message, asset FROM chat_attachments WHERE message = ANY ($1) ORDER BY message, place"
_THERE = """
SELECT FROM chat_messages m
WHERE m.chat = $1 AND m.id = $2 AND m.deleted_at IS NULL AND ($3::text IS NULL OR m.author = $3)
"""
_STATES = "SELECT id, state::text AS state FROM ledger.assets WHERE id = ANY ($1)"
_MESSAGES_OF = "SELECT asset, message FROM chat_attachments WHERE asset = ANY ($1)"
_END = UUID(int=(1 << 128) - 1)  # after every id


class Message(msgspec.Struct):
    """One message; `files` in their order. seq: of the event that told of it."""

    id: UUID
    chat: str
    author: str | None
    text: str
    client_id: str | None
    created_at: datetime
    deleted_at: datetime | None
    seq: int
    files: list[UUID]


class NoFile(Conflict):
    code = "no_such_file"
    title = "A file of this message is not there, is not yours, or is attached already"


def must_be_said(text: str, files: Sequence[UUID], client_id: str | None) -> None:
    """Raises BadRequest for what can't be a message."""
    if not text.strip() and not files:
        raise BadRequest("A message needs a text or a file", text="what is said", files="ids of files")
    if len(text) > MOST_TEXT:
        raise BadRequest("The text is too long", text=f"{MOST_TEXT} characters at most")
    if len(files) > MOST_FILES or len(set(files)) < len(files):
        raise BadRequest("These can't be the files of a message", files=f"{MOST_FILES} at most, each once")
    if client_id is not None and not 1 <= len(client_id) <= CLIENT_ID:
        raise BadRequest("The client's id is not valid", client_id=f"1 to {CLIENT_ID} characters")


def must_be_a_clients(client_id: str | None) -> None:
    """Raises BadRequest for an id that only we give."""
    if client_id is not None and client_id.startswith(PUBLISHED):
        raise BadRequest("The client's id is not valid", client_id=f"not beginning with {PUBLISHED}")


class Post:
    """Saves and removes messages, and rings for whoever listens."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring

    async def say(
        self, chat: str, author: str | None, text: str, files: Sequence[UUID], client_id: str | None
    ) -> tuple[Message, bool]:
        """The message, and whether it is new: the same client says the same once. author: None is the server itself.

        Raises BadRequest, NotFound and NoFile.
        """
        must_be_said(text, files, client_id)
        statement = "SELECT * FROM ledger.post_message($1, $2, $3, $4, $5)"
        return await self._said(chat, await fetch(statement, chat, author, text, list(files), client_id))

    async def forward(
        self, chat: str, author: str | None, file: UUID, client_id: str, asker: Asker
    ) -> tuple[Message, bool]:
        """The same of a message with a file from elsewhere: it gets one of its own, with the same bytes. Whether the
        author may do that is not asked here. Raises NotFound, NoFile and LimitReached.
        """
        statement = "SELECT * FROM ledger.forward($1, $2, $3, $4, $5, $6::jsonb)"
        rows = await fetch(statement, chat, author, file, client_id, asker.address, asker.limits)
        if rows[0]["scope"] is not None:
            raise LimitReached(rows[0]["scope"], rows[0]["what"], rows[0]["most"])
        return await self._said(chat, rows)

    async def _said(self, chat: str, rows: Sequence[Any]) -> tuple[Message, bool]:
        [row] = rows
        if row["verdict"] == "no_member":
            raise NotFound("There is no such chat")
        if row["verdict"] == "no_file":
            raise NoFile
        if row["seq"] is not None:
            self._ring([(row["stream"], row["seq"])])
        [message] = await some(chat, [row["id"]])
        return message, row["verdict"] == "new"

    async def unsay(self, chat: str, message: UUID, author: str | None) -> None:
        """Takes a message out of view, and its files with it; the author's own, None: anybody's.

        Raises NotFound and LegalHold.
        """
        rows = await fetch("SELECT * FROM ledger.unsay($1, $2, $3)", chat, message, author)
        if not rows:
            await _must_be_there(chat, message, author)
            raise LegalHold
        self._ring((row["stream"], row["seq"]) for row in rows)


async def _must_be_there(chat: str, message: UUID, author: str | None) -> None:
    """Raises NotFound."""
    if not await fetch(_THERE, chat, message, author):
        raise NotFound("There is no such message")


async def page(chat: str, before: UUID | None, limit: int) -> list[Message]:
    """At most `limit` messages older than `before`, the newest first; what is deleted is left out."""
    return await _messages(_PAGE, chat, before or _END, limit)


async def following(chat: str, after: UUID, last: UUID, limit: int) -> list[Message]:
    """At most `limit` messages after `after`, up to `last`, the oldest first; what is deleted is left out."""
    return await _messages(_FOLLOWING, chat, after, last, limit)


async def some(chat: str, ids: Iterable[UUID]) -> list[Message]:
    """These messages of a chat, those that are deleted as well, in no order."""
    wanted = list(ids)
    return await _messages(_SOME, chat, wanted) if wanted else []


async def said_before(chat: str, author: str | None, client_id: str | None) -> Message | None:
    """What this client has said under this id."""
    found = await _messages(_OF_CLIENT, chat, author, client_id) if client_id else []
    return found[0] if found else None


async def attached(assets: Iterable[UUID]) -> dict[UUID, UUID]:
    """Asset → the message that has it, for those that one has."""
    return {row["asset"]: row["message"] for row in await fetch(_MESSAGES_OF, list(assets))}


async def _messages(sql: str, *args: Any) -> list[Message]:
    rows = await fetch(sql, *args)
    files: defaultdict[UUID, list[UUID]] = defaultdict(list)
    if rows:
        for row in await fetch(_ATTACHED, [row["id"] for row in rows]):
            files[row["message"]].append(row["asset"])
    return [Message(**row, files=files[row["id"]]) for row in rows]


async def shown(messages: Sequence[Message], linker: Linker) -> list[dict[str, Any]]:
    """Messages as the API tells of them, each with its files as they are now."""
    wanted = [file for message in messages for file in message.files]
    found = await service.files(wanted)
    gone = await _gone([file for file in wanted if file not in found])
    told = {id: path_of(file) | file.shown(linker, full=True) for id, file in found.items()} | gone
    return [_shown(message, told) for message in messages]


async def _gone(files: Sequence[UUID]) -> dict[UUID, dict[str, Any]]:
    """Files that are out of view: `deleting` until the last byte is gone, `deleted` from then on, for ever."""
    rows = await fetch(_STATES, files) if files else []
    leaving = {row["id"] for row in rows if row["state"] == "deleting"}
    return {file: {"file_id": str(file), "state": "deleting" if file in leaving else "deleted"} for file in files}


def path_of(file: service.File) -> dict[str, str]:
    """Where a file of a chat is asked for, in the name of who is in that chat."""
    return {"path": f"/{layout.CHAT}/{file.owner}/file/{file.id}"}


def _shown(message: Message, told: dict[UUID, dict[str, Any]]) -> dict[str, Any]:
    return {
        "message_id": str(message.id),
        "chat_id": message.chat,
        "seq": message.seq,
        "author": message.author,
        "client_id": message.client_id,
        "text": message.text,
        "created_at": message.created_at,
        "deleted": message.deleted_at is not None,
        "attachments": [told[file] for file in message.files],
    }


async def listed(chat: str, before: UUID | None, limit: int, linker: Linker) -> dict[str, Any]:
    """A page of what was said, and where the next one begins."""
    found = await page(chat, before, limit + 1)
    more = len(found) > limit
    following = str(found[limit - 1].id) if more else None
    return {"messages": await shown(found[:limit], linker), "next_before": following}
