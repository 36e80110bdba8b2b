"""`/progress/{id}`: how far one file is, and its events: those of its owner's stream that are of this file."""

from typing import Any
from uuid import UUID

from litestar import Request, Router, WebSocket, get, websocket
from redis.asyncio import Redis

from appliance.accounts.callers import Caller
from appliance.accounts.tickets import Admission, Tickets
from appliance.chats import access
from appliance.chats.telling import OfMembers
from appliance.config import Config
from appliance.files import service
from appliance.files.service import File
from appliance.ledger.states import State
from appliance.live import api
from appliance.live.feeds import Feeds
from appliance.live.frames import OfOwner
from appliance.live.places import Places
from appliance.live.progress import last_told
from appliance.live.service import bounds
from appliance.public import linker
from appliance.quotas.gate import Gate
from storage import layout
from storage.links import Links

DONE_PERCENT = 100.0


@get("/progress/{progress_id:uuid}", tags=["events"], opt={"limited": True}, summary="How far the work on one file is")
async def read(
    progress_id: UUID, request: Request, caller: Caller, config: Config, links: Links, redis: Redis
) -> dict[str, Any]:
    """State, percent, step, seconds left, and all versions that there are already."""
    file = await access.seen(progress_id, caller)
    shown = file.shown(linker(request, config, links), full=True)
    told = await last_told(redis, file.id) if file.state == State.PROCESSING else None
    percent = DONE_PERCENT if file.state == State.DONE else told.percent if told else 0.0
    return {
        **{name: shown[name] for name in ("progress_id", "file_id", "kind", "state", "error", "versions")},
        "step": told.step if told else None,
        "percent": percent,
        "left_seconds": told.left if told else None,
    }


@websocket("/progress/{progress_id:uuid}/events", opt={"public": True})
async def events_socket(
    socket: WebSocket,
    progress_id: UUID,
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
    """As the socket of its owner, whose ticket lets in, or one of who is in the chat; cursors are those of the owner's
    stream.
    """
    async with api.opened(socket, config, tickets, gate, ticket) as admitted:
        file = await _seen(progress_id, admitted)
        here = await bounds(file.whose)
        cursor = api.after_cursor(after, epoch, here)
        async with places.place(file.whose, gate.mark(socket, admitted.server)):
            made, member = linker(socket, config, links), admitted.person or ""
            telling = OfMembers(file.owner, made) if file.root == layout.CHATS else OfOwner(made)
            await api.serve(socket, api.pump(socket, here, cursor, feeds, telling, file.id, member))


async def _seen(file_id: UUID, admitted: Admission) -> File:
    """The file, for one with this ticket. Raises NotFound and NotAuthenticated."""
    file = await service.file(file_id)
    if file.root == layout.CHATS:
        caller = Caller("ticket", admitted.owner, user=admitted.user, limited=admitted.limited)
        return await access.seen(file_id, caller)
    admitted.must_be_of(file.whose)
    return file


router = Router("/", route_handlers=[read, events_socket])
