"""A chat as a zip: what was said in it until now, and its files, read as it is sent, in the memory of a few pieces.

Nothing of the database is held open: messages are read by pages, up to the last that there was at the beginning, and
one that is deleted until its page is read is left out. A zip's table of contents takes half a kilobyte a file.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from appliance.bundles.archive import Member, archive
from appliance.chats import messages, rooms
from appliance.chats.messages import Message
from appliance.chats.spool import PIECE, Spool, array, joined
from appliance.chats.transcript import FOOT, Attachment, Line, article, encoded, head, path
from appliance.errors import NotFound
from appliance.files import service
from appliance.files.service import File
from appliance.ledger import states
from appliance.ledger.database import fetch_one
from appliance.ledger.failures import MISSING
from appliance.ledger.service import Ledger
from storage import layout
from storage.errors import ObjectMissing, StorageError
from storage.inspection import Inspector

AT_ONCE = 100  # rows
ANSWER_SECONDS = 60.0
"""After this even the ledger's own limits of time have passed."""
UNKNOWN = 1 << 32
"""The size of what is not known before: the zip is made for more than 4 GiB of it (ZIP64)."""

Result = TypeVar("Result")


class Beginning(msgspec.Struct):
    """A chat when its export begins: `seq` is where its stream stands, `last_message_id` its newest
    message, if there is one."""

    chat_id: str
    title: str
    project_id: str | None
    created_at: datetime
    exported_at: datetime
    seq: int
    last_message_id: UUID | None


class _Wanted(msgspec.Struct):
    """A file to be read: what the zip calls it, and what storage does."""

    message_id: str
    attachment: Attachment
    key: str
    version_id: str


async def begin(chat: str) -> Beginning:
    """Raises NotFound."""
    found = await fetch_one("SELECT * FROM ledger.begin_export($1)", chat)
    if found is None:
        raise NotFound("There is no such chat")
    return Beginning(**found)


def pieces(objects: Inspector, ledger: Ledger, beginning: Beginning) -> Iterator[bytes]:
    """The zip, to be read in a thread, while the loop that this is called in goes on. Raises Unavailable."""
    return archive(_Export(objects, ledger, beginning, asyncio.get_running_loop()).members(), beginning.exported_at)


class _Export:
    """One export under way, in a thread."""

    def __init__(
        self, objects: Inspector, ledger: Ledger, beginning: Beginning, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._objects, self._ledger, self._beginning, self._loop = objects, ledger, beginning, loop
        self._lines, self._wanted, self._missing = Spool(), Spool(), Spool()
        self._lost: set[str] = set()
        self._counts = {"messages": 0, "files": 0, "missing": 0}

    def members(self) -> Iterator[Member]:
        """In this order: what comes first says what comes later, and the last what became of it."""
        yield _text("messages.jsonl", self._read)
        yield _text("members.json", self._members)
        yield from self._files()
        yield _text("missing.json", lambda: joined(array(self._missing.lines())))
        yield _text("index.html", lambda: joined(self._page()))
        yield _text("chat.json", self._chat)

    def _read(self) -> Iterator[bytes]:
        chat, last, after = self._beginning.chat_id, self._beginning.last_message_id, UUID(int=0)
        while last and (page := self._answer(messages.following(chat, after, last, AT_ONCE))):
            files = self._answer(service.files([file for message in page for file in message.files]))
            lines = b"".join(encoded(self._line(message, files)) for message in page)
            self._lines.add(lines)
            yield lines
            after = page[-1].id

    def _line(self, message: Message, files: dict[UUID, File]) -> Line:
        self._counts["messages"] += 1
        attached = [self._attachment(message, file, files.get(file)) for file in message.files]
        return Line(str(message.id), message.author, message.created_at, message.text, attached)

    def _attachment(self, message: Message, file_id: UUID, file: File | None) -> Attachment:
        if file is None:
            return Attachment(str(file_id), None, "deleted", None, None, None, None)
        there, where = file.original, None
        if there is not None:
            self._counts["files"] += 1
            where = path(self._counts["files"], file.filename)
        error = states.EXPIRED_ERROR["code"] if file.state == states.State.EXPIRED else file.error_code
        told = (file.told_state, error, there and there.size, there and there.sha256, where)
        attachment = Attachment(str(file_id), file.filename, *told)
        if there is None:
            self._miss(str(message.id), attachment, error or "uploading")
        else:
            self._wanted.add(encoded(_Wanted(str(message.id), attachment, there.key, there.version_id)))
        return attachment

    def _members(self) -> Iterator[bytes]:
        return joined(array(encoded(member) for member in self._everybody()))

    def _everybody(self) -> Iterator[rooms.Member]:
        after = ""
        while page := self._answer(rooms.members(self._beginning.chat_id, after, AT_ONCE)):
            yield from page
            after = page[-1].user_id

    def _files(self) -> Iterator[Member]:
        for line in self._wanted.lines():
            wanted = msgspec.json.decode(line, type=_Wanted)
            size = wanted.attachment.bytes or 0
            coming = self._objects.pieces(layout.ORIGINALS, wanted.key, wanted.version_id, size, PIECE)
            try:
                first = next(coming, b"")
            except StorageError as error:
                self._lose(wanted, error, 0)
                continue
            yield Member(wanted.attachment.path or "", size, False, partial(self._bytes, wanted, first, coming))

    def _bytes(self, wanted: _Wanted, first: bytes, coming: Iterator[bytes]) -> Iterator[bytes]:
        digest, read, piece = sha256(), 0, first
        while piece:
            digest.update(piece)
            read += len(piece)
            yield piece
            try:
                piece = next(coming, b"")
            except StorageError as error:
                self._lose(wanted, error, read)
                return
        if wanted.attachment.sha256 not in (None, digest.hexdigest()):
            self._miss(wanted.message_id, wanted.attachment, "object_damaged", read)

    def _lose(self, wanted: _Wanted, error: StorageError, read: int) -> None:
        """Its message may have been deleted, or storage has lost it; or storage does not answer."""
        if not read:
            self._lost.add(wanted.attachment.path or "")
            self._counts["files"] -= 1
        reason = "object_unreadable"
        if isinstance(error, ObjectMissing):
            reason = MISSING.code
            self._answer(self._ledger.doubt(UUID(wanted.attachment.file_id)))
        self._miss(wanted.message_id, wanted.attachment, reason, read)

    def _miss(self, message_id: str, attachment: Attachment, reason: str, read: int = 0) -> None:
        """Names what is not in the zip as it was sent, of which only `read` bytes are, or others."""
        self._counts["missing"] += 1
        told = {name: getattr(attachment, name) for name in ("file_id", "filename", "path", "bytes")}
        self._missing.add(encoded({"message_id": message_id, **told, "reason": reason, "bytes_here": read}))

    def _page(self) -> Iterator[bytes]:
        yield head(self._beginning.title, self._beginning.exported_at).encode()
        for line in self._lines.lines():
            yield article(msgspec.json.decode(line, type=Line), self._lost).encode()
        yield FOOT.encode()

    def _chat(self) -> Iterator[bytes]:
        yield encoded({**msgspec.to_builtins(self._beginning), **self._counts})

    def _answer(self, asked: Coroutine[Any, Any, Result]) -> Result:
        """What the ledger says, by the loop that its connections belong to."""
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result(ANSWER_SECONDS)


def _text(name: str, parts: Callable[[], Iterator[bytes]]) -> Member:
    return Member(name, UNKNOWN, True, parts)
