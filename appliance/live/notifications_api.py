"""`/notifications`: a user's general stream over all projects, by websocket or a page at a time."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

from litestar import MediaType, Request, Response, Router, WebSocket, get, websocket
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.accounts.tickets import Tickets
from appliance.accounts.whose import Whose
from appliance.config import Config
from appliance.errors import BadRequest, NotAuthenticated
from appliance.files.versions import Linker
from appliance.live import api
from appliance.live.doorbell import Listener, Woken
from appliance.live.following import BEAT_SECONDS, rung
from appliance.live.manners import tell
from appliance.live.notifications import Cursor, Notice, caught_up, notices, parse, resumes, sources
from appliance.live.places import Places
from appliance.live.presenting import present
from appliance.public import linker
from appliance.quotas.gate import Gate
from storage import layout
from storage.links import Links

PAGE = 100
LOOK_SECONDS = 5.0  # how late the first file that a user sends to a project can be told of


def _user(caller: Caller, asked: str | None) -> str:
    """Whose notifications a caller gets. Raises BadRequest and NotFound."""
    own = caller.person
    if caller.owner is not None and asked not in (None, own):
        caller.may_see(Whose(layout.USERS, asked or ""))
    if (user := asked or own) is None:
        raise BadRequest("Say whose notifications", user_id="needed with a key, or a token that names no user")
    return user


def _told(notice: Notice, made: Linker) -> dict[str, Any]:
    return {**present(notice.event, made), "cursor": notice.cursor}


@get("/notifications", tags=["events"], summary="A page of what concerns a user, over all projects")
async def page(
    request: Request,
    caller: Caller,
    config: Config,
    links: Links,
    after: str = "",
    user_id: str | None = None,
    limit: Annotated[int, Parameter(ge=1, le=PAGE)] = PAGE,
) -> Response[Any]:
    """Events of the user's own stream, and those of projects that are of files which the user sent, in the order of
    time. Without `after` from the oldest kept. 410 with `{"type": "reset", "cursor"}` where it can't be resumed.
    """
    user = _user(caller, user_id)
    found, head = await sources(user)
    cursor = parse(after) if after else Cursor(head.epoch, {})
    if not resumes(cursor, head):
        return Response({"type": "reset", "cursor": head.written()}, status_code=410, media_type=MediaType.JSON)
    told = await notices(user, found, cursor, limit)
    made = linker(request, config, links)
    read = parse(told[-1].cursor) if told else cursor
    ended = (read if len(told) == limit else caught_up(read, found)).written()
    answer = {"notifications": [_told(one, made) for one in told], "cursor": ended, "more": len(told) == limit}
    return Response(answer, media_type=MediaType.JSON)


@websocket("/notifications", opt={"public": True})
async def notifications_socket(
    socket: WebSocket,
    config: Config,
    tickets: Tickets,
    listener: Listener,
    links: Links,
    places: Places,
    gate: Gate,
    ticket: str = "",
    after: str = "",
) -> None:
    """First `hello` (or `reset`), with a cursor, then every notification after it. A ticket of the user lets in."""
    async with api.opened(socket, config, tickets, gate, ticket) as admitted:
        if (user := admitted.person) is None:
            raise NotAuthenticated("a fresh ticket of a user is needed")
        async with places.place(Whose(layout.USERS, user), gate.mark(socket, admitted.server)):
            await api.serve(socket, _pump(socket, user, after, listener, linker(socket, config, links)))


async def _pump(socket: WebSocket, user: str, after: str, listener: Listener, made: Linker) -> None:
    _, head = await sources(user)
    cursor = parse(after) if after else head
    await tell(socket, {"type": "hello", "cursor": head.written()})
    if not resumes(cursor, head):
        await tell(socket, {"type": "reset", "cursor": head.written()})
        cursor = head
    async for notice in _follow(user, cursor, listener):
        await tell(socket, _told(notice, made) if isinstance(notice, Notice) else notice)


async def _follow(user: str, cursor: Cursor, listener: Listener) -> AsyncIterator[Notice | dict[str, Any]]:
    """Every notice after the cursor; a beat where all is quiet."""
    woken, attended = Woken(), set[int]()
    quiet = 0.0
    try:
        while True:
            woken.clear()
            found, _ = await sources(user)
            for one in found:
                if one.stream not in attended:
                    listener.attend(one.stream, woken)
                    attended.add(one.stream)
            told = await notices(user, found, cursor, PAGE)
            for notice in told:
                yield notice
            # What was told may be newer than the heads that were seen before.
            cursor = parse(told[-1].cursor) if told else cursor
            if len(told) == PAGE:
                continue
            cursor = caught_up(cursor, found)
            quiet = 0.0 if told or await rung(woken, LOOK_SECONDS) else quiet + LOOK_SECONDS
            if quiet >= BEAT_SECONDS:
                quiet = 0.0
                yield {"type": "beat", "cursor": cursor.written()}
    finally:
        for stream in attended:
            listener.leave(stream, woken)


router = Router("/", route_handlers=[page, notifications_socket])
