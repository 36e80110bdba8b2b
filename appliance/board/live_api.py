"""`/admin/events`: the board as it changes, by websocket; let in by a ticket of `/admin/tickets`."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from litestar import Router, WebSocket, post, websocket

from appliance.accounts.api import MOST_TICKET_SECONDS, Ticket
from appliance.accounts.callers import Caller
from appliance.accounts.tickets import Admission, Tickets
from appliance.accounts.whose import Whose
from appliance.board.live import Board, News
from appliance.config import Config
from appliance.live import api
from appliance.live.manners import tell
from appliance.live.places import Places
from appliance.quotas.gate import Gate

ADMINS = Whose("admins", "*")
"""In the place of an owner, which nobody is: a ticket of it opens the board and nothing else."""


@post("/admin/tickets", tags=["admin"], summary="A single-use ticket to open the board's websocket with")
async def create_ticket(caller: Caller, tickets: Tickets, config: Config) -> Ticket:
    caller.must_be_admin()
    seconds = min(config.ticket_seconds, MOST_TICKET_SECONDS)
    ticket = await tickets.issue(Admission(ADMINS, server=True).written(), seconds)
    return Ticket(ticket, datetime.fromtimestamp(datetime.now(UTC).timestamp() + seconds, UTC))


@websocket("/admin/events", opt={"public": True})
async def board_socket(
    socket: WebSocket, config: Config, tickets: Tickets, board: Board, places: Places, gate: Gate, ticket: str = ""
) -> None:
    """First `hello` with all sections, then what changes. It has no cursor: who comes back is told all anew."""
    async with api.opened(socket, config, tickets, gate, ticket) as admitted:
        admitted.must_be_of(ADMINS)
        async with places.place(ADMINS, gate.mark(socket, admitted.server)):
            await api.serve(socket, _pump(socket, board))


async def _pump(socket: WebSocket, board: Board) -> None:
    greeted = False
    async with board.reading() as reader:
        while True:
            news = await reader.news()
            for message in messages(news, greeted):
                await tell(socket, message)
            greeted |= bool(news.sections)


def messages(news: News, greeted: bool) -> list[dict[str, Any]]:
    """What is sent of news: `hello` or `changed`, `failed`, `away`; `beat` where there is nothing."""
    at = datetime.now(UTC)
    told: list[dict[str, Any]] = []
    if news.away:
        told.append({"type": "away", "at": at, "why": news.away})
    if news.sections:
        sections = msgspec.to_builtins(news.sections)
        told.append({"type": "changed" if greeted else "hello", "at": at, **sections})
    if news.failed and greeted:
        told.append({"type": "failed", "at": at, "failed": msgspec.to_builtins(news.failed)})
    return told or [{"type": "beat", "at": at}]


router = Router("/", route_handlers=[create_ticket, board_socket])
