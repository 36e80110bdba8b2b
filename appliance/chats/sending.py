"""Sending a file to a room: the bytes first, then the message that has them; what fails in between leaves nothing."""

import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from uuid import UUID

from litestar import Request

from appliance.accounts.whose import Whose
from appliance.chats.forms import FIELD_BYTES, FIELDS, Form
from appliance.chats.messages import Message, Post, must_be_a_clients, must_be_said, said_before
from appliance.config import Settings
from appliance.errors import TooLarge, Unavailable
from appliance.files import service
from appliance.files.announced import most_bytes
from appliance.files.content import MOST_PARTS, Body, ContentDoor, length, must_be_open
from appliance.files.slots import Slots
from appliance.files.sniffing import Sniffer
from appliance.files.versions import Home
from appliance.ledger.service import Asker, Ledger
from appliance.logs import log
from processors.profile import Profile
from processors.sniff import SNIFFED_BYTES
from storage import layout
from storage.streaming import PART

AROUND = len(FIELDS) * FIELD_BYTES + 16 * 1024
"""Bytes of a form at most that are not of its file: so many less are there of that at least."""


class Sending:
    """Takes forms, and streams their files to storage."""

    def __init__(
        self, ledger: Ledger, post: Post, slots: Slots, door: ContentDoor, sniffer: Sniffer, settings: Settings
    ) -> None:
        self._ledger, self._post, self._slots = ledger, post, slots
        self._door, self._sniffer, self._settings = door, sniffer, settings

    async def take(self, request: Request, chat: str, author: str | None, asker: Asker) -> tuple[Message, bool]:
        """The message of a form, and whether it is new: the same client sends the same once.

        Raises DomainError: BadRequest, WrongFormat, TooLarge, NotFound, what is over a limit, Unavailable.
        """
        async with aclosing(Form(request, request.stream())) as form:
            return await self._taken(form, length(request), chat, author, asker)

    async def _taken(self, form: Form, size: int, chat: str, author: str | None, asker: Asker) -> tuple[Message, bool]:
        filename = await form.until_file()
        if before := await said_before(chat, author, form.fields.get("client_id")):
            return before, False
        pieces = form.pieces()
        head = await _head(pieces)
        profile = await self._sniffer.profile(head, filename)
        owner = Whose(layout.CHATS, chat)
        file = await self._slots.direct(asker, owner, profile, service.FILE, filename)
        async with self._claimed(file):
            await self._ledger.announce(file, asker, max(1, size - AROUND))
            async with self._door.body(Home(*owner, profile.folder, file), author) as body:
                await must_be_open(file)
                await self._received(file, body, head, pieces, profile)
                await form.rest()
                text, client_id = form.fields.get("text", ""), form.fields.get("client_id")
                must_be_a_clients(client_id)
                must_be_said(text, [file], client_id)
                await self._ledger.announce(file, asker, body.size, body.sha256())
                await body.end()
            await self._ledger.hurry(file)
            return await self._post.say(chat, author, text, [file], client_id)

    @asynccontextmanager
    async def _claimed(self, file: UUID) -> AsyncIterator[None]:
        """However the block ends: a file that no message has by then is removed. What is cut off before that, as by the
        end of this process, does the sweep.
        """
        try:
            yield
        finally:
            try:
                await self._ledger.drop(file)
            except Unavailable:
                log.warning("a file that was not said is left to the sweep", asset=str(file))

    async def _received(
        self, file: UUID, body: Body, head: bytes, pieces: AsyncIterator[bytes], profile: Profile
    ) -> None:
        """Keeps the file's slot open as long as bytes come. Raises TooLarge."""
        config, kept = self._settings.now, time.monotonic()
        most = min(most_bytes(profile, config), MOST_PARTS * PART)
        piece: bytes | None = head
        while piece is not None:
            if body.size + len(piece) > most:
                raise TooLarge(f"At most {most} bytes are taken")
            await body.more(piece)
            if time.monotonic() > kept + config.form_seconds / 3:
                await self._ledger.keep_open(file, config.form_seconds)
                kept = time.monotonic()
            piece = await anext(pieces, None)


async def _head(pieces: AsyncIterator[bytes]) -> bytes:
    """The beginning of a file, of SNIFFED_BYTES if it has so many; `pieces` go on behind it."""
    head = bytearray()
    async for piece in pieces:
        head += piece
        if len(head) >= SNIFFED_BYTES:
            break
    return bytes(head)
