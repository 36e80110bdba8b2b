"""`/projects/{id}/events`, `/users/{id}/events`: one log an owner, read by websocket, by SSE, or a page at a time, each
with a cursor.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any
from urllib.parse import urlsplit
from uuid import UUID

from litestar import MediaType, Request, Response, Router, WebSocket, get, websocket
from litestar.params import Parameter
from litestar.response import Stream

from appliance.accounts.callers import Caller
from appliance.accounts.owners import OF_PEOPLE
from appliance.accounts.tickets import Admission, Tickets
from appliance.accounts.whose import whose
from appliance.config import Config
from appliance.errors import DomainError, NotFound
from appliance.live.cursor import Bounds, Cursor, parse, resumes
from appliance.live.feed import Reader
from appliance.live.feeds import Feeds
from appliance.live.frames import OfOwner, Telling, Told
from appliance.live.manners import Outbound, Unmannerly, dismiss, heed, holding, in_time, tell, until_answered
from appliance.live.places import Places
from appliance.live.presenting import encode, hello, reset
from appliance.live.service import bounds, events
from appliance.logs import log
from appliance.public import linker
from appliance.quotas.gate import Gate
from storage.links import Links

# The same for the owners below each root; a chat has its own.
PATHS = [f"/{root}/{{owner_id:str}}/events" for root in OF_PEOPLE]
# Close codes of the range that applications may use (RFC 6455, 7.4.2): 4000 and the status that HTTP has for it.
OWN_CODES = 4000
FAULT = 1011
MOST_A_PAGE = 500


def after_cursor(text: str | None, epoch: str | None, here: Bounds) -> Cursor:
    """The cursor asked for, or the stream's head."""
    if text is None:
        return Cursor(here.head)
    cursor = parse(text)
    return Cursor(cursor.seq, epoch) if epoch else cursor


async def pump(
    socket: WebSocket,
    here: Bounds,
    cursor: Cursor,
    feeds: Feeds,
    telling: Telling,
    only: UUID | None = None,
    who: str = "",
) -> None:
    """Tells what comes after the cursor, of all assets of the stream or of one. who: see Feeds."""
    await tell(socket, hello(here))
    if not resumes(cursor, here):
        await tell(socket, reset(here))
        cursor = Cursor(here.head)
    async with feeds.reading(here, cursor.seq, telling, who) as reader:
        if who not in await telling.staying({who}):
            raise NotFound("You may not hear of this any more")
        await tell_all(socket, reader, only)
    raise NotFound("Its owner is deleted, and this was the last event")


async def tell_all(socket: WebSocket, reader: Reader, only: UUID | None = None) -> None:
    """Tells what there is for a reader, of all files or of one, to the end of the stream."""
    sending = Outbound(socket)
    async for frames in reader.pages(only):
        for frame in frames:
            await sending.text(frame.text)
        if not frames:
            await tell(socket, {"type": "beat", "seq": reader.after})


def _origin_allowed(socket: WebSocket, config: Config) -> bool:
    """Browsers send their page's origin; programs send none."""
    origin = socket.headers.get("origin")
    if origin is None:
        return True
    own = {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, config.public_urls)}
    return origin in own or origin in config.allow_origins


@asynccontextmanager
async def opened(
    socket: WebSocket, config: Config, tickets: Tickets, gate: Gate, ticket: str
) -> AsyncIterator[Admission]:
    """A websocket for the time of the block, and what its ticket is worth, which is used up by this. Whatever refuses
    it, here or in the block, ends it with a code and a reason.
    """
    await socket.accept()  # only then can it be told why it is refused
    try:
        await gate.admit(socket, None)
        worth = await tickets.redeem(ticket) if ticket and _origin_allowed(socket, config) else None
        yield Admission.read(worth or "")
    except DomainError as error:
        await dismiss(socket, _refusal(error))


@websocket(PATHS, opt={"public": True})
async def events_socket(
    socket: WebSocket,
    owner_id: str,
    config: Config,
    tickets: Tickets,
    feeds: Feeds,
    links: Links,
    places: Places,
    gate: Gate,
    ticket: str = "",
    after: str | None = None,
    epoch: str | None = None,
) -> None:
    """First `hello` (or `reset`), then every event after the cursor. It is let in by its ticket, not by a header."""
    async with opened(socket, config, tickets, gate, ticket) as admitted:
        owner = whose(socket, owner_id)
        admitted.must_be_of(owner)
        here = await bounds(owner)
        cursor = after_cursor(after, epoch, here)
        async with places.place(owner, gate.mark(socket, admitted.server)):
            await serve(socket, pump(socket, here, cursor, feeds, OfOwner(linker(socket, config, links))))


def _refusal(error: DomainError) -> Unmannerly:
    return Unmannerly(OWN_CODES + error.status, error.detail)


async def serve(socket: WebSocket, telling: Coroutine[Any, Any, None]) -> None:
    """Tells and heeds, until the client leaves or has to."""
    tasks = [asyncio.create_task(telling), asyncio.create_task(heed(socket))]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        if isinstance(error := task.exception(), Unmannerly):
            await dismiss(socket, error)
        elif isinstance(error, DomainError):
            await dismiss(socket, _refusal(error))
        elif error and not isinstance(error, RuntimeError):  # which is what sending to one that has left raises
            log.error("reader let go", exc_info=error)
            await dismiss(socket, Unmannerly(FAULT, "something went wrong on our side; come back"))


async def _sse(here: Bounds, cursor: Cursor, feeds: Feeds, telling: Telling) -> AsyncIterator[bytes]:
    """Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html."""
    yield _block(encode(hello(here)), None)
    if not resumes(cursor, here):
        yield _block(encode(reset(here)), f"{here.epoch}:{here.head}")
        cursor = Cursor(here.head)
    try:
        async with feeds.reading(here, cursor.seq, telling) as reader:
            async for frames in reader.pages():
                for frame in frames:
                    yield _block(frame.text.encode(), f"{here.epoch}:{frame.seq}" if frame.seq else None)
                if not frames:
                    yield b": quiet\n\n"
    except DomainError as error:  # too late for a status: who comes back is given one
        log.warning("stream ended", reason=error.detail)


def _block(message: bytes, identity: str | None) -> bytes:
    head = f"id: {identity}\n".encode() if identity else b""
    return head + b"data: " + message + b"\n\n"


@get(
    PATHS,
    tags=["events"],
    opt={"limited": True},
    middleware=[holding, in_time],
    summary="A page of events, or with Accept: text/event-stream a stream of them",
)
async def events_page(
    owner_id: str,
    request: Request,
    caller: Caller,
    config: Config,
    feeds: Feeds,
    links: Links,
    places: Places,
    gate: Gate,
    after: str | None = None,
    epoch: str | None = None,
    limit: Annotated[int, Parameter(ge=1, le=MOST_A_PAGE)] = 100,
    last_event_id: Annotated[str | None, Parameter(header="Last-Event-ID")] = None,
) -> Response[Any]:
    """410 with `{"type": "reset", "seq"}` when the cursor is of another epoch, too old, or in the future.

    A stream, as a websocket, goes on when the token it was begun with runs out. It ends after the last event of an
    owner that is deleted.
    """
    owner = whose(request, owner_id)
    caller.may_see(owner)
    here = await bounds(owner)
    telling = OfOwner(linker(request, config, links), for_server=caller.owner is None)
    cursor = after_cursor(last_event_id or after, epoch, here)
    if "text/event-stream" in request.headers.get("accept", ""):
        await until_answered(request, places.place(owner, gate.mark(request, caller.server)))
        return stream(here, cursor, feeds, telling)
    return await page(here, cursor, limit, telling)


def stream(here: Bounds, cursor: Cursor, feeds: Feeds, telling: Told) -> Response[Any]:
    """Server-sent events after the cursor."""
    told = _sse(here, cursor, feeds, telling)
    return Stream(
        told, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    )


async def page(here: Bounds, cursor: Cursor, limit: int, telling: Told) -> Response[Any]:
    """At most `limit` events after the cursor; 410 where it can't be gone on from."""
    if not resumes(cursor, here):
        return Response(reset(here), status_code=410, media_type=MediaType.JSON)
    found = await events(here.stream, cursor.seq, limit)
    told = {
        **hello(here),
        "events": [telling.told(event) for event in found],
        "next": found[-1].seq if found else cursor.seq,
    }
    return Response(told, media_type=MediaType.JSON)


router = Router("/", route_handlers=[events_socket, events_page])
