"""`/chats/{id}/events`: the newest messages in one list, then all that happens in the room, in order."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Router, WebSocket, websocket

from appliance.accounts.tickets import Tickets
from appliance.accounts.whose import Whose
from appliance.chats import messages, rooms
from appliance.chats.api import paths
from appliance.config import Config
from appliance.errors import NotFound
from appliance.files.versions import Linker
from appliance.live import api
from appliance.live.cursor import Bounds, Cursor, resumes
from appliance.live.doorbell import Listener
from appliance.live.following import Page, follow
from appliance.live.manners import tell
from appliance.live.places import Places
from appliance.live.presenting import hello, present, present_progress, reset
from appliance.live.service import Event, bounds
from appliance.public import linker
from appliance.quotas.gate import Gate
from storage import layout
from storage.links import Links

NEWEST = 50  # messages that one who joins is given
LEFT = "member_left"


@websocket(paths("/events"), opt={"public": True})
async def events_socket(
    socket: WebSocket,
    owner_id: str,
    config: Config,
    tickets: Tickets,
    listener: Listener,
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
        await rooms.must_be_member(owner_id, admitted.person)
        room = Whose(layout.CHATS, owner_id)
        here = await bounds(room)
        cursor = None if after is None else api.after_cursor(after, epoch, here)
        async with places.place(room, gate.mark(socket, admitted.server)):
            made = linker(socket, config, links)
            await api.serve(socket, _pump(socket, here, cursor, listener, _Room(owner_id, admitted.person or "", made)))


async def _pump(socket: WebSocket, here: Bounds, cursor: Cursor | None, listener: Listener, room: "_Room") -> None:
    await tell(socket, hello(here))
    if cursor is not None and not resumes(cursor, here):
        await tell(socket, reset(here))
        cursor = None
    if cursor is None:
        await tell(socket, {"type": "messages", **await messages.listed(room.chat, None, NEWEST, room.made)})
    async for page in follow(listener, here.stream, here.head if cursor is None else cursor.seq):
        for told in await room.told(page):
            await tell(socket, told)
    raise NotFound("The chat is deleted, and this was the last event")


class _Room:
    """What one member is told of a room."""

    def __init__(self, chat: str, person: str, made: Linker) -> None:
        self.chat, self.made, self._person = chat, made, person

    async def told(self, page: Page) -> list[dict[str, Any]]:
        """A page as this member gets it. Raises NotFound once that is a member no more."""
        if not page.events and not page.progress:
            return [{"type": "beat", "seq": page.after}]
        await rooms.must_be_member(self.chat, self._person)
        attached = await messages.attached({*(event.asset for event in page.events if event.asset), *page.progress})
        said = await self._said(page.events)
        told = [self._event(event, said) for event in page.events if event.asset is None or event.asset in attached]
        return told + [
            {**present_progress(asset, word), "message_id": str(attached[asset])}
            for asset, word in page.progress.items()
            if asset in attached
        ]

    async def _said(self, events: Sequence[Event]) -> dict[str, dict[str, Any]]:
        """The messages that events tell of, by their ids."""
        ids = [UUID(event.facts["message_id"]) for event in events if event.type == "message"]
        shown = await messages.shown(await messages.some(self.chat, ids), self.made)
        return {one["message_id"]: one for one in shown}

    def _event(self, event: Event, said: dict[str, dict[str, Any]]) -> dict[str, Any]:
        told = present(event, self.made)
        return told | {"message": said.get(told["message_id"])} if event.type == "message" else told


router = Router("/", route_handlers=[events_socket])
