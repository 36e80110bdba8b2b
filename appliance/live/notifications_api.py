"""`/notifications`: a user's general stream over all projects, by websocket or a page at a time."""

import asyncio
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
from appliance.live.doorbell import Listener
from appliance.live.following import APART_SECONDS, BEAT_SECONDS, rung
from appliance.live.manners import tell
from appliance.live.notifications import Cursor, Notice, notices, parse, resumes, sources
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
    return {**present(notice.event, made), "cursor": notice.cursor.written()}


@get(
    "/notifications",
    tags=["events"],
    opt={"limited": True},
    summary="A page of what concerns a user, over all projects",
)
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
    409 for a user who has sent to more projects than a cursor has room for.
    """
    user = _user(caller, user_id)
    of = await sources(user)
    cursor = parse(after) if after else of.start
    if after and not await resumes(user, cursor, of):
        return Response({"type": "reset", "cursor": of.head.written()}, status_code=410, media_type=MediaType.JSON)
    cursor = cursor.within(of.head)
    told = await notices(user, of, cursor, limit)
    made = linker(request, config, links)
    ended = told[-1].cursor if told else cursor
    shown = [_told(one, made) for one in told]
    answer = {"notifications": shown, "cursor": ended.written(), "more": len(told) == limit}
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
    head = (await sources(user)).head
    cursor = parse(after) if after else head
    await tell(socket, {"type": "hello", "cursor": head.written()})
    async for told in follow(user, cursor, listener):
        await tell(socket, _told(told, made) if isinstance(told, Notice) else told)


async def follow(user: str, cursor: Cursor, listener: Listener) -> AsyncIterator[Notice | dict[str, Any]]:
    """Every notice after the cursor, or `reset` and what comes from then on; a beat where nothing was told for long."""
    now = asyncio.get_running_loop().time
    woken, attended = asyncio.Event(), set[int]()
    told_at, resumed = now(), -1
    try:
        while True:
            woken.clear()
            looked = now()
            of = await sources(user)
            for stream in of.head.read.keys() - attended:
                listener.attend(stream, woken)
                attended.add(stream)
            if resumed != of.head.kept_from:  # at first, and after events were dropped
                resumed = of.head.kept_from
                if not await resumes(user, cursor, of):
                    cursor = of.head
                    yield {"type": "reset", "cursor": cursor.written()}
            cursor = cursor.within(of.head)
            told = await notices(user, of, cursor, PAGE)
            for notice in told:
                yield notice
            if told:
                cursor, told_at = told[-1].cursor, now()
            elif now() >= told_at + BEAT_SECONDS:
                yield {"type": "beat", "cursor": cursor.written()}
                told_at = now()
            if len(told) < PAGE:
                await rung(woken, min(LOOK_SECONDS, told_at + BEAT_SECONDS - now()))
                await asyncio.sleep(looked + APART_SECONDS - now())
    finally:
        for stream in attended:
            listener.leave(stream, woken)


router = Router("/", route_handlers=[page, notifications_socket])
