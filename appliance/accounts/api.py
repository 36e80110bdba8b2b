"""`/projects`, `/tokens`, `/tickets`, `/login`: projects and the credentials of those who use them."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from litestar import Controller, Router, delete, get, post
from litestar.params import Parameter

from appliance.accounts import service
from appliance.accounts.callers import Caller, Callers
from appliance.accounts.tables import Project
from appliance.accounts.tickets import Admission, Tickets
from appliance.config import Config
from appliance.errors import BadRequest, NotAuthenticated

OPERATOR_SECONDS = 12 * 3600
MOST_TICKET_SECONDS = 60  # a ticket stands in an address, and addresses are written down in many places
USER = re.compile(r"[!-~]{1,128}")


class NewProject(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    id: int | str | None = None


class NewToken(msgspec.Struct, forbid_unknown_fields=True):
    """`ttl` in seconds; the server's limit when it is not given. `user`: whom it is for; quotas hold for each."""

    project_id: int | str
    ttl: int | None = None
    user: str | None = None


class NewTicket(msgspec.Struct, forbid_unknown_fields=True):
    """Which project's events to listen to; a project's token needs not say."""

    project_id: int | str | None = None


class Login(msgspec.Struct, forbid_unknown_fields=True):
    """The code of a login address, good for one login."""

    code: str


class Token(msgspec.Struct):
    token: str
    expires_at: datetime


class Ticket(msgspec.Struct):
    ticket: str
    expires_at: datetime


def _shown(project: Project) -> dict[str, Any]:
    return {"id": project.id, "name": project.name, "created_at": project.created_at}


class ProjectController(Controller):
    path = "/projects"
    tags = ("projects",)

    @post("/", summary="Make a project")
    async def create(self, data: NewProject, caller: Caller) -> dict[str, Any]:
        caller.must_be_server()
        return _shown(await service.create_project(data.name, None if data.id is None else str(data.id)))

    @get("/", summary="All projects, in the order of their ids")
    async def list(
        self, caller: Caller, limit: Annotated[int, Parameter(ge=1, le=500)] = 100, cursor: str = ""
    ) -> dict[str, Any]:
        caller.must_be_server()
        found = await service.projects(limit + 1, cursor)
        more = len(found) > limit
        return {"projects": [_shown(p) for p in found[:limit]], "next_cursor": found[limit - 1].id if more else None}

    @get("/{project_id:str}", summary="One project")
    async def read(self, project_id: str, caller: Caller) -> dict[str, Any]:
        caller.may_see(project_id)
        return _shown(await service.project(project_id))

    @delete("/{project_id:str}", summary="Delete a project with all its bytes")
    async def remove(self, project_id: str, caller: Caller) -> None:
        caller.must_be_server()
        await service.delete_project(project_id)


@post("/tokens", tags=["credentials"], summary="A short-lived token of one project, for a browser or an app")
async def create_token(data: NewToken, caller: Caller, callers: Callers, config: Config) -> Token:
    caller.must_be_server()
    ttl = config.token_seconds if data.ttl is None else data.ttl
    if not 1 <= ttl <= config.token_seconds:
        raise BadRequest("The token's life is not valid", ttl=f"1 to {config.token_seconds} seconds")
    if data.user is not None and not USER.fullmatch(data.user):
        raise BadRequest("The user is not valid", user="1 to 128 characters that can be seen, no spaces")
    project = await service.project(str(data.project_id))
    token, ends = callers.token(project.id, ttl, data.user)
    return Token(token, datetime.fromtimestamp(ends, UTC))


@post("/tickets", tags=["credentials"], summary="A single-use ticket to open a websocket with")
async def create_ticket(caller: Caller, tickets: Tickets, config: Config, data: NewTicket | None = None) -> Ticket:
    wanted = caller.project if data is None or data.project_id is None else str(data.project_id)
    if wanted is None:
        raise BadRequest("Say which project's events the ticket is for", project_id="is needed with this key")
    caller.may_see(wanted)
    project = await service.project(wanted)
    seconds = min(config.ticket_seconds, MOST_TICKET_SECONDS)
    ticket = await tickets.issue(Admission(project.id, caller.server).written(), seconds)
    return Ticket(ticket, datetime.fromtimestamp(datetime.now(UTC).timestamp() + seconds, UTC))


@post(
    "/login",
    tags=["credentials"],
    opt={"public": True},
    summary="Turn the code of a login address into the operator's token",
)
async def login(data: Login, callers: Callers, logins: Tickets) -> Token:
    if await logins.redeem(data.code) is None:
        raise NotAuthenticated("This login address was used already or is too old; get a new one with ./ops/open")
    token, ends = callers.token(None, OPERATOR_SECONDS)
    return Token(token, datetime.fromtimestamp(ends, UTC))


router = Router("/", route_handlers=[ProjectController, create_token, create_ticket, login])
