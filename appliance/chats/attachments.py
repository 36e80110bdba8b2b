"""Files of messages: published, looked at, deleted, each in the name of who is in the chat."""

from typing import NamedTuple
from uuid import UUID

import msgspec

from appliance.accounts.whose import Whose
from appliance.chats import messages
from appliance.chats.messages import Message, NoFile, Post
from appliance.errors import LegalHold, NotAllowed, NotFound
from appliance.files import hints, service
from appliance.files.service import File
from appliance.ledger.database import fetch_one
from appliance.ledger.failures import MISSING
from appliance.ledger.service import Asker, Ledger
from appliance.ledger.states import State
from appliance.logs import log
from storage import layout
from storage.objects import Objects

_ATTACHED = """
SELECT m.id AS message, m.author FROM chat_attachments t JOIN chat_messages m ON m.id = t.message
WHERE t.asset = $2 AND m.chat = $1
"""
STORED = (State.UPLOADED, State.PROCESSING, State.DONE, State.ERROR)


class Attached(NamedTuple):
    """A file's message, and who said it."""

    message: UUID
    author: str | None


async def attached(chat: str, file: UUID) -> Attached | None:
    """None for what no message of this chat has."""
    row = await fetch_one(_ATTACHED, chat, file)
    return Attached(*row) if row else None


async def publish(post: Post, chat: str, author: str | None, file: File, asker: Asker) -> tuple[Message, bool]:
    """The message that has a file, and whether it is new: what a chat has stays where it is; what was uploaded for it
    is said; what is from elsewhere is forwarded. Whether the author may see the file is not asked here.

    Raises NotFound, NoFile and LimitReached.
    """
    client_id = f"{messages.PUBLISHED}{file.id}"
    if file.whose != Whose(layout.CHATS, chat):
        return await post.forward(chat, author, file.id, client_id, asker)
    try:
        return await post.say(chat, author, "", [file.id], client_id)
    except NoFile:
        there = await attached(chat, file.id)
        if there is None:
            raise
        [message] = await messages.some(chat, [there.message])
        return message, False


async def look(file: File, reader: Objects, ledger: Ledger) -> File:
    """The file as it is after a look at storage: where its original is not, it is an `error` that says so, and has no
    link that leads nowhere. The ledger is told by the sweep, once all of storage can be asked. Raises Unavailable.
    """
    known = file.error_code == MISSING.code
    if known or file.state not in STORED or file.key is None or await hints.pinned(reader, file):
        return file
    log.error("an original is not found in storage", asset=str(file.id))
    await ledger.doubt(file.id)
    gone = {"state": State.ERROR, "error_code": MISSING.code, "error_message": MISSING.message}
    return msgspec.structs.replace(file, **gone)


async def remove(ledger: Ledger, chat: str, file: UUID, author: str | None) -> None:
    """Deletes a file of a message; the author's own, None: anybody's. Twice is harmless.

    Raises NotFound, NotAllowed and LegalHold.
    """
    found = await attached(chat, file)
    if found is None:
        raise NotFound("There is no such file")
    if author is not None and found.author != author:
        raise NotAllowed("This file is another member's")
    if await ledger.detach(file):
        log.info("deleted", asset=str(file), chat=chat)
    elif await service.files([file]):
        raise LegalHold
