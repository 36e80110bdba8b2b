"""`/chats/{id}/events`: the newest messages in one list, then all that happens in the room, in order."""

from litestar import Router, WebSocket, websocket

from appliance.accounts.tickets import Tickets
from appliance.accounts.whose import Whose
from appliance.chats import messages, rooms
from appliance.chats.api import paths
from appliance.chats.telling import OfRoom
from appliance.config import Config
from appliance.errors import NotFound
from appliance.files.versions import Linker
from appliance.live import api
from appliance.live.cursor import Bounds, Cursor, resumes
from appliance.live.feeds import Feeds
from appliance.live.manners import tell
from appliance.live.places import Places
from appliance.live.presenting import hello, reset
from appliance.live.service import bounds
from appliance.public import linker
from appliance.quotas.gate import Gate
from storage import layout
from storage.links import Links

NEWEST = 50  # messages that one who joins is given


@websocket(paths("/events"), opt={"public": True})
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
    """`hello`, then without `after` (or after a `reset`) the newest page of messages, then every event. A ticket of a
    member's lets in.
    """
    async with api.opened(socket, config, tickets, gate, ticket) as admitted:
        await rooms.must_be_member(owner_id, None if admitted.limited else admitted.person)
        room = Whose(layout.CHATS, owner_id)
        here = await bounds(room)
        cursor = None if after is None else api.after_cursor(after, epoch, here)
        async with places.place(room, gate.mark(socket, admitted.server)):
            made = linker(socket, config, links)
            await api.serve(socket, _pump(socket, here, cursor, feeds, owner_id, admitted.person or "", made))


async def _pump(
    socket: WebSocket, here: Bounds, cursor: Cursor | None, feeds: Feeds, chat: str, person: str, made: Linker
) -> None:
    await tell(socket, hello(here))
    if cursor is not None and not resumes(cursor, here):
        await tell(socket, reset(here))
        cursor = None
    async with feeds.reading(here, here.head if cursor is None else cursor.seq, OfRoom(chat, made), person) as reader:
        if cursor is None:
            await _tell_newest(socket, chat, person, made)
        else:
            await rooms.must_be_member(chat, person)
        await api.tell_all(socket, reader)
    raise NotFound("The chat is deleted, and this was the last event")


async def _tell_newest(socket: WebSocket, chat: str, person: str, made: Linker) -> None:
    """By itself, so that nothing of it is held for as long as the connection lasts."""
    newest = await messages.listed(chat, None, NEWEST, made)
    await rooms.must_be_member(chat, person)  # who is taken out from now on is known to the reader
    await tell(socket, {"type": "messages", **newest})


router = Router("/", route_handlers=[events_socket])
