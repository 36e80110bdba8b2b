"""`/library/events`: the log of all libraries, a page at a time, as a stream, or by websocket; each with a cursor."""

from collections.abc import Collection, Hashable
from functools import partial
from typing import Annotated, Any

from litestar import Request, Response, Router, WebSocket, get, websocket
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.accounts.tickets import Tickets
from appliance.accounts.whose import Whose
from appliance.board.live_api import ADMINS
from appliance.config import Config
from appliance.ledger.states import State, shown
from appliance.live import api
from appliance.live.api import MOST_A_PAGE, after_cursor
from appliance.live.feeds import Feeds
from appliance.live.following import Page
from appliance.live.frames import Frame
from appliance.live.manners import holding, in_time, until_answered
from appliance.live.places import Places
from appliance.live.presenting import present_progress
from appliance.live.service import Event, bounds
from appliance.quotas.gate import Gate
from storage import layout

PATH = "/library/events"
LOG = Whose(layout.SYSTEM, "library")
"""The owner of all files of libraries, whose stream has all that becomes of them."""


class OfLibraries:
    """How the log is told. Its files lie on disks that are not ours, so nothing is linked to."""

    key: Hashable = ("libraries",)

    def told(self, event: Event) -> dict[str, Any]:
        """What is told of one event: what it is of, and the facts that were noted with it."""
        told: dict[str, Any] = {"type": event.type, "seq": event.seq, "at": event.at, "file_id": str(event.asset)}
        facts = event.facts.get("source", event.facts) if event.state == State.DONE else event.facts
        return told | {"state": shown(event.state), "filename": event.filename} | facts

    async def frames(self, page: Page) -> list[Frame]:
        told = [Frame(partial(self.told, event), event.seq, event.asset) for event in page.events]
        return told + [Frame(partial(present_progress, *one), asset=one[0]) for one in page.progress.items()]

    async def staying(self, people: Collection[str]) -> Collection[str]:
        return people


@get(
    PATH,
    tags=["library"],
    middleware=[holding, in_time],
    summary="A page of what became of files of libraries, or with Accept: text/event-stream a stream of it",
)
async def events_page(
    request: Request,
    caller: Caller,
    feeds: Feeds,
    places: Places,
    gate: Gate,
    after: str | None = None,
    epoch: str | None = None,
    limit: Annotated[int, Parameter(ge=1, le=MOST_A_PAGE)] = 100,
    last_event_id: Annotated[str | None, Parameter(header="Last-Event-ID")] = None,
) -> Response[Any]:
    """As of a project's events: 410 with `{"type": "reset", "seq"}` for a cursor that can't be gone on from."""
    caller.must_be_admin()
    here = await bounds(LOG)
    cursor = after_cursor(last_event_id or after, epoch, here)
    if "text/event-stream" in request.headers.get("accept", ""):
        await until_answered(request, places.place(LOG, gate.mark(request, caller.server)))
        return api.stream(here, cursor, feeds, OfLibraries())
    return await api.page(here, cursor, limit, OfLibraries())


@websocket(PATH, opt={"public": True})
async def events_socket(
    socket: WebSocket,
    config: Config,
    tickets: Tickets,
    feeds: Feeds,
    places: Places,
    gate: Gate,
    ticket: str = "",
    after: str | None = None,
    epoch: str | None = None,
) -> None:
    """First `hello` (or `reset`), then every event after the cursor. It is let in by a ticket of /admin/tickets."""
    async with api.opened(socket, config, tickets, gate, ticket) as admitted:
        admitted.must_be_of(ADMINS)
        here = await bounds(LOG)
        cursor = after_cursor(after, epoch, here)
        async with places.place(LOG, gate.mark(socket, admitted.server)):
            await api.serve(socket, api.pump(socket, here, cursor, feeds, OfLibraries()))


router = Router("/", route_handlers=[events_page, events_socket])
