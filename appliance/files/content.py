"""A file as one body, through the server: checked against what was announced, and streamed on to storage."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from litestar import Request

from appliance.config import Config
from appliance.errors import BadRequest, ChecksumMismatch, SizeMismatch, TooLarge, UploadEnded
from appliance.files.announced import most_bytes
from appliance.files.bodies import BROKEN_OFF, Pieces, Places, in_time
from appliance.files.service import File
from appliance.files.versions import Home
from appliance.ledger.service import Announced
from appliance.ledger.uploads import announced, begin_content
from appliance.logs import log
from appliance.quotas.room import Room
from processors.profiles import PROFILES
from storage import layout
from storage.objects import StorageError
from storage.streaming import PART, Stream, Writer

AT_ONCE = 12  # bodies that a process has under way, each of which takes up to PART bytes of memory
MOST_PARTS = 10_000

InThread = Callable[..., Awaitable[None]]


class ContentDoor:
    """Takes bodies in storage's place. What is not whole, or not as announced, leaves nothing behind."""

    def __init__(self, config: Config) -> None:
        key, self._config = config.key("uploader_key"), config
        self._writer = Writer(config.endpoint(), key.access, key.secret, seconds=60.0)
        self._threads = ThreadPoolExecutor(AT_ONCE, "content")
        self._places = Places(AT_ONCE)

    async def take(
        self, request: Request, found: File, room: Room, person: str | None = None, sized: bool = False
    ) -> None:
        """Stores the body of `request` as the original of `found`; with `sized` only what was announced with its size.
        Raises DomainError and StorageError.

        One that is sent again, since its answer was lost, is read and nothing more.
        """
        size, said = length(request), await announced(found.id)
        if said and said.sha256 and found.version_id is not None and found.size == size:
            return  # what came first is held to the same checksum
        if sized and said and said.size is None:
            raise BadRequest("Say how large it is when you ask for the link", size="is needed to send it this way")
        said = self._may(size, found, said)
        await room.check()
        await self._stored(request.stream(), found, said, person)

    def _may(self, size: int, found: File, said: Announced | None) -> Announced:
        """What the body must be. Raises SizeMismatch, TooLarge, BadRequest and UploadEnded."""
        if found.state != "init" or said is None:
            raise UploadEnded(f"This file takes no bytes any more: it is {found.state}")
        if size < 1:
            raise BadRequest("Say how many bytes are sent", **{"Content-Length": "1 or more"})
        most = min(most_bytes(PROFILES[found.kind], self._config), MOST_PARTS * PART)
        if size > most:
            raise TooLarge(f"At most {most} bytes are taken")
        if said.size not in (None, size):
            raise SizeMismatch(f"{said.size} bytes were announced")
        return said._replace(size=size)

    async def _stored(self, pieces: Pieces, found: File, said: Announced, person: str | None) -> None:
        async with self.body(found.place, person) as body:
            await must_be_open(found.id)
            async for piece in in_time(pieces):
                await body.more(piece)
            body.check(said)
            await must_be_open(found.id)
            await body.end()

    @asynccontextmanager
    async def body(self, place: Home, person: str | None = None) -> AsyncIterator["Body"]:
        """A body that is to become the original of an asset; nothing is left of it unless the block ends it.

        person: who sends it, if that is known. Waits for a place among those under way. Raises Unavailable, and for
        what breaks off in the block BadRequest.
        """
        whose = (place.root, place.owner)
        await self._places.take(whose, person)
        body = Body(Stream(self._writer, layout.ORIGINALS, layout.original_key(*place)), self._in_thread)
        try:
            yield body
        except BROKEN_OFF:
            raise BadRequest("The body is not complete") from None
        except StorageError as error:
            if error.code != "NoSuchUpload":
                raise
            raise UploadEnded("This file was cancelled, or came another way, while it was being sent") from None
        finally:
            await self._places.give_back(whose, person)
            await self._abort(body, place.asset)

    async def _abort(self, body: "Body", asset: UUID) -> None:
        try:
            await body.abort()
        except StorageError as error:
            log.warning("parts not removed; the sweep will", asset=str(asset), error=str(error))

    async def _in_thread(self, call: Callable[..., None], *args: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)


class Body:
    """A body on its way, of which a part at most is held."""

    def __init__(self, stream: Stream, in_thread: InThread) -> None:
        self._stream, self._in_thread = stream, in_thread
        self._held, self.size, self._sha256 = bytearray(), 0, hashlib.sha256()

    async def more(self, piece: bytes | bytearray) -> None:
        self.size += len(piece)
        self._held += piece
        if len(self._held) >= PART:
            part, self._held = self._held, bytearray()
            await self._in_thread(self._part, part)

    def _part(self, part: bytearray) -> None:
        self._sha256.update(part)
        self._stream.part(part)

    def check(self, said: Announced) -> None:
        """Raises SizeMismatch and ChecksumMismatch."""
        if self.size != said.size:
            raise SizeMismatch(f"{self.size} bytes came, where {said.size} were announced")
        if said.sha256 not in (None, self.sha256()):
            raise ChecksumMismatch

    def sha256(self) -> str:
        """Of all that came, in hex."""
        whole = self._sha256.copy()
        whole.update(self._held)
        return whole.hexdigest()

    async def end(self) -> None:
        await self._in_thread(self._stream.end, self._held)

    async def abort(self) -> None:
        await self._in_thread(self._stream.abort)


def length(request: Request) -> int:
    """How many bytes are sent; 0 where that is not said."""
    length = request.headers.get("content-length", "")
    return int(length) if length.isdecimal() else 0


async def must_be_open(asset: UUID) -> None:
    """Raises UploadEnded for one that takes no bytes any more; otherwise it is noted that the server writes them."""
    if not await begin_content(asset):
        raise UploadEnded("This file takes no bytes any more")
