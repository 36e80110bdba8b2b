"""`/projects/{id}/events`: one log, read by websocket, by SSE, or a page at a time, each with a cursor."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import urlsplit

from litestar import MediaType, Request, Response, Router, WebSocket, get, websocket
from litestar.exceptions import WebSocketDisconnect
from litestar.params import Parameter
from litestar.response import Stream

from appliance.accounts.callers import Caller
from appliance.accounts.tickets import Tickets
from appliance.config import Config
from appliance.errors import DomainError
from appliance.images.versions import Linker
from appliance.live.cursor import Bounds, Cursor, parse, resumes
from appliance.live.doorbell import Listener
from appliance.live.following import follow
from appliance.live.presenting import encode, hello, present, reset
from appliance.live.service import bounds, events
from appliance.public import linker
from storage.links import Links

ROOT = "projects"
REFUSED, GONE = 4401, 4404  # close codes: of the range that applications may use (RFC 6455, 7.4.2)
MOST_A_PAGE = 500


def _after(text: str | None, epoch: str | None, here: Bounds) -> Cursor:
    """The cursor asked for, or the stream's head."""
    if text is None:
        return Cursor(here.head)
    cursor = parse(text)
    return Cursor(cursor.seq, epoch) if epoch else cursor


async def _pump(socket: WebSocket, here: Bounds, after: int, listener: Listener, made: Linker) -> None:
    async for page in follow(listener, here.stream, after):
        for event in page:
            await socket.send_text(encode(present(event, made)).decode())
            after = event.seq
        if not page:
            await socket.send_text(encode({"type": "beat", "seq": after}).decode())


async def _until_closed(socket: WebSocket) -> None:
    """Reads and drops what a client sends: its acknowledgement is the cursor it comes back with."""
    with suppress(WebSocketDisconnect):
        while True:
            await socket.receive_data("text")


def _origin_allowed(socket: WebSocket, config: Config) -> bool:
    """Browsers send their page's origin; programs send none."""
    origin = socket.headers.get("origin")
    if origin is None:
        return True
    own = {f"{parts.scheme}://{parts.netloc}" for parts in map(urlsplit, config.public_urls)}
    return origin in own or origin in config.allow_origins


@websocket("/projects/{project_id:str}/events", opt={"public": True})
async def events_socket(
    socket: WebSocket,
    project_id: str,
    config: Config,
    tickets: Tickets,
    listener: Listener,
    links: Links,
    ticket: str = "",
    after: str | None = None,
    epoch: str | None = None,
) -> None:
    """First `hello` (or `reset`), then every event after the cursor. It is let in by its ticket, not by a header."""
    allowed = _origin_allowed(socket, config) and ticket != "" and await tickets.redeem(ticket) == project_id
    await socket.accept()
    if not allowed:
        await socket.close(code=REFUSED, reason="a fresh ticket of this project is needed")
        return
    try:
        here = await bounds(ROOT, project_id)
        cursor = _after(after, epoch, here)
    except DomainError as error:
        await socket.close(code=GONE, reason=error.detail)
        return
    await socket.send_text(encode(hello(here)).decode())
    if not resumes(cursor, here):
        await socket.send_text(encode(reset(here)).decode())
        cursor = Cursor(here.head)
    pump = asyncio.create_task(_pump(socket, here, cursor.seq, listener, linker(socket, config, links)))
    closed = asyncio.create_task(_until_closed(socket))
    try:
        await asyncio.wait({pump, closed}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        pump.cancel()
        closed.cancel()
        await asyncio.gather(pump, closed, return_exceptions=True)


async def _sse(here: Bounds, cursor: Cursor, listener: Listener, made: Linker) -> AsyncIterator[bytes]:
    """Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html."""
    yield _frame(hello(here), None)
    if not resumes(cursor, here):
        yield _frame(reset(here), f"{here.epoch}:{here.head}")
        cursor = Cursor(here.head)
    async for page in follow(listener, here.stream, cursor.seq):
        for event in page:
            yield _frame(present(event, made), f"{here.epoch}:{event.seq}")
        if not page:
            yield b": quiet\n\n"


def _frame(message: dict[str, Any], identity: str | None) -> bytes:
    head = f"id: {identity}\n".encode() if identity else b""
    return head + b"data: " + encode(message) + b"\n\n"


@get(
    "/projects/{project_id:str}/events",
    tags=["events"],
    summary="A page of events, or with Accept: text/event-stream a stream of them",
)
async def events_page(
    project_id: str,
    request: Request,
    caller: Caller,
    config: Config,
    listener: Listener,
    links: Links,
    after: str | None = None,
    epoch: str | None = None,
    limit: Annotated[int, Parameter(ge=1, le=MOST_A_PAGE)] = 100,
    last_event_id: Annotated[str | None, Parameter(header="Last-Event-ID")] = None,
) -> Response[Any]:
    """410 with `{"type": "reset", "seq"}` when the cursor is of another epoch, too old, or in the future."""
    caller.may_see(project_id)
    here = await bounds(ROOT, project_id)
    made = linker(request, config, links)
    cursor = _after(last_event_id or after, epoch, here)
    if "text/event-stream" in request.headers.get("accept", ""):
        stream = _sse(here, cursor, listener, made)
        return Stream(
            stream, media_type="text/event-stream", headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
    if not resumes(cursor, here):
        return Response(reset(here), status_code=410, media_type=MediaType.JSON)
    page = await events(here.stream, cursor.seq, limit)
    told = {
        **hello(here),
        "events": [present(event, made) for event in page],
        "next": page[-1].seq if page else cursor.seq,
    }
    return Response(told, media_type=MediaType.JSON)


router = Router("/", route_handlers=[events_socket, events_page])
