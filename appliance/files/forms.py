"""The way of a form where storage takes none: checked here as storage would check it, and streamed on."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from xml.sax.saxutils import escape

from litestar import Request, Response, post
from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from appliance.config import Config
from appliance.errors import Unavailable
from appliance.files.bodies import BROKEN_OFF, Pieces, Places, drained, in_time
from appliance.ledger.service import Ledger
from appliance.logs import log
from storage import forms, layout
from storage.forms import Allowed, FormRefused
from storage.objects import StorageError, StorageUnavailable
from storage.signing import Signer
from storage.streaming import PART, Stream, Writer

AT_ONCE = 12  # files that a process has under way, each of which takes up to PART bytes of memory
FIELDS, FIELD_BYTES = 12, 8192  # of a form, its file aside: ours have 7, with some 600 bytes at most

InThread = Callable[..., Awaitable[None]]
Leave = Callable[[], Awaitable[None]]


class FormDoor:
    """Takes forms in storage's place, with the key that signs them."""

    def __init__(self, config: Config) -> None:
        key, self._endpoint = config.key("uploader_key"), config.endpoint()
        self._signer = Signer(key.access, key.secret, self._endpoint.region)
        self._writer = Writer(self._endpoint, key.access, key.secret, seconds=60.0)
        self._threads = ThreadPoolExecutor(AT_ONCE, "forms")
        self._places = Places(AT_ONCE)

    async def take(self, pieces: Pieces, content_type: str, ledger: Ledger) -> str:
        """Stores the file of one form; its key in ORIGINALS. Raises FormRefused, StorageError or Unavailable."""
        boundary = parse_options_header(content_type)[1].get("boundary", "")
        if not boundary:
            raise FormRefused("MalformedPOSTRequest", "This is not a form", 400)
        try:
            with PushMultipartParser(boundary, max_segment_count=FIELDS) as parser:
                return await self._read(parser, pieces, ledger)
        except (MultipartError, *BROKEN_OFF):
            raise FormRefused("MalformedPOSTRequest", "The form is not well-formed, or not complete", 400) from None

    async def _read(self, parser: PushMultipartParser, pieces: Pieces, ledger: Ledger) -> str:
        fields: dict[str, str] = {}
        name, value = "", bytearray()
        file: _File | None = None
        try:
            async for piece in in_time(pieces):
                for found in parser.parse(piece):
                    if isinstance(found, MultipartSegment):
                        name, value = (found.name or "").lower(), bytearray()
                        if name == "file" and file is None:
                            file = await self._opened(fields, ledger)
                    elif file is not None:  # what follows the file is nobody's, as it is for S3
                        name = await file.more(found, name)
                    elif found is None:
                        fields[name] = value.decode("utf-8", "replace")
                    elif len(value := value + found) > FIELD_BYTES:
                        raise FormRefused("MaxPostPreDataLengthExceeded", "A field of the form is too long", 400)
            if file is None or not parser.closed:
                raise FormRefused("MalformedPOSTRequest", "The form is not complete", 400)
            return await file.end()
        finally:
            if file is not None:
                await file.close()

    async def _opened(self, fields: dict[str, str], ledger: Ledger) -> "_File":
        """The file that a good form lets through; only such a one takes up room."""
        allowed = forms.allowed(fields, self._signer, self._endpoint)
        place = layout.parse_original(allowed.key)
        if place is None or not await ledger.awaits(place.asset_id):
            # Storage itself would have taken it, over what came first.
            raise FormRefused("AccessDenied", "The file of this form has come already, or is not wanted any more")
        whose = (place.root, place.owner)
        await self._places.take(whose)
        leave = partial(self._places.give_back, whose)
        return _File(allowed, Stream(self._writer, layout.ORIGINALS, allowed.key), self._in_thread, leave)

    async def _in_thread(self, call: Callable[..., None], *args: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)


class _File:
    """The file of one form on its way, of which a part at most is held."""

    def __init__(self, allowed: Allowed, stream: Stream, in_thread: InThread, leave: Leave) -> None:
        self._allowed, self._stream, self._in_thread, self._leave = allowed, stream, in_thread, leave
        self._held, self._size = bytearray(), 0

    async def more(self, piece: bytearray | None, name: str) -> str:
        """Takes a piece of the segment `name`, or its end (None); the name of the segment that goes on."""
        if piece is None or name != "file":
            return "" if piece is None else name
        self._size += len(piece)
        self._allowed.check(self._size, ended=False)
        self._held += piece
        if len(self._held) >= PART:
            part, self._held = self._held, bytearray()
            await self._in_thread(self._stream.part, part)
        return name

    async def end(self) -> str:
        self._allowed.check(self._size, ended=True)
        await self._in_thread(self._stream.end, self._held)
        return self._allowed.key

    async def close(self) -> None:
        await self._leave()
        try:
            await self._in_thread(self._stream.abort)
        except StorageError as error:
            log.warning("parts not removed; the cleaning will", key=self._allowed.key, error=str(error))


@post(f"/{layout.ORIGINALS}", opt={"public": True}, include_in_schema=False, request_max_body_size=None)
async def form(request: Request, forms_door: FormDoor, ledger: Ledger) -> Response[str]:
    """Answers as S3 does. What came is the sweep's next look-up."""
    pieces = request.stream()
    try:
        key = await forms_door.take(pieces, request.headers.get("content-type", ""), ledger)
    except FormRefused as refused:
        answer = _answer(refused.status, "Error", Code=refused.code, Message=str(refused))
    except (StorageUnavailable, Unavailable) as error:
        log.warning("form not taken", error=str(error))
        answer = _answer(503, "Error", Code="SlowDown", Message="Storage is not available; try again")
    else:
        if place := layout.parse_original(key):
            await ledger.hurry(place.asset_id)
        return _answer(201, "PostResponse", Bucket=layout.ORIGINALS, Key=key)
    await drained(pieces)  # longer than for a stranger (draining.py): who has a form may be on a slow line
    return answer


def _answer(status: int, root: str, **fields: str) -> Response[str]:
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>{inner}</{root}>'
    again = {"Retry-After": "2"} if status == 503 else {}
    return Response(body, status_code=status, media_type="application/xml", headers=again)
