"""`/projects`, `/users`, `/tokens`, `/tickets`, `/login`: owners of files, and the credentials of who uses them."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from litestar import Router, delete, get, post
from litestar.params import Parameter

from appliance.accounts.callers import MODERATORS, Caller, Callers
from appliance.accounts.owners import EVERY, PROJECTS, USERS, Owners
from appliance.accounts.service import ADMIN, OPERATOR
from appliance.accounts.tables import Owner
from appliance.accounts.tickets import Admission, Tickets
from appliance.accounts.whose import Named, Whose
from appliance.config import Config
from appliance.errors import BadRequest, NotAuthenticated, NotFound

PAGE_SECONDS = 12 * 3600  # how long one is logged in to a page
MOST_TICKET_SECONDS = 60  # a ticket stands in an address, and addresses are written down in many places
USER = re.compile(r"[!-~]{1,128}")


class NewOwner(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    id: int | str | None = None


class NewToken(Named):
    """`ttl` in seconds; the server's limit when it is not given. `user`: who has it, of those that share a project;
    quotas hold for each.
    """

    ttl: int | None = None
    user: str | None = None


class NewTicket(Named):
    """Whose events to listen to; a token needs not say."""


class Login(msgspec.Struct, forbid_unknown_fields=True):
    """The code of a login address, good for one login."""

    code: str


class Token(msgspec.Struct):
    token: str
    expires_at: datetime


class Ticket(msgspec.Struct):
    ticket: str
    expires_at: datetime


def _shown(owner: Owner) -> dict[str, Any]:
    return {"id": owner.id, "name": owner.name, "created_at": owner.created_at}


def _routes(owners: Owners) -> list[Any]:
    """The same for the owners below each root."""
    root, noun, tags = f"/{owners.root}", owners.noun, [owners.root]

    @post(f"{root}/", tags=tags, summary=f"Make a {noun}, with its folders")
    async def create(data: NewOwner, caller: Caller) -> dict[str, Any]:
        caller.must_be_server()
        return _shown(await owners.create(data.name, None if data.id is None else str(data.id)))

    @get(f"{root}/", tags=tags, summary=f"All {owners.root}, in the order of their ids")
    async def list_all(
        caller: Caller, limit: Annotated[int, Parameter(ge=1, le=500)] = 100, cursor: str = ""
    ) -> dict[str, Any]:
        caller.must_be_server()
        found = await owners.page(limit + 1, cursor)
        more = len(found) > limit
        return {owners.root: [_shown(p) for p in found[:limit]], "next_cursor": found[limit - 1].id if more else None}

    @get(f"{root}/{{owner_id:str}}", tags=tags, summary=f"One {noun}")
    async def read(owner_id: str, caller: Caller) -> dict[str, Any]:
        caller.may_see(Whose(owners.root, owner_id))
        return _shown(await owners.one(owner_id))

    @delete(f"{root}/{{owner_id:str}}", tags=tags, summary=f"Delete a {noun} with all its bytes")
    async def remove(owner_id: str, caller: Caller) -> None:
        caller.must_be_server()
        await owners.delete(owner_id)

    return [create, list_all, read, remove]


@post("/tokens", tags=["credentials"], summary="A short-lived token of one project or user, for a browser or an app")
async def create_token(data: NewToken, caller: Caller, callers: Callers, config: Config) -> Token:
    caller.must_be_server()
    ttl = config.token_seconds if data.ttl is None else data.ttl
    if not 1 <= ttl <= config.token_seconds:
        raise BadRequest("The token's life is not valid", ttl=f"1 to {config.token_seconds} seconds")
    if data.user is not None and not USER.fullmatch(data.user):
        raise BadRequest("The user is not valid", user="1 to 128 characters that can be seen, no spaces")
    owner = data.must_name()
    await EVERY[owner.root].one(owner.id)
    token, ends = callers.token(owner, ttl, data.user)
    return Token(token, datetime.fromtimestamp(ends, UTC))


@post(
    "/tickets",
    tags=["credentials"],
    opt={"limited": True},
    summary="A single-use ticket to open a websocket with",
)
async def create_ticket(caller: Caller, tickets: Tickets, config: Config, data: NewTicket | None = None) -> Ticket:
    wanted = (data and data.whose()) or caller.owner
    if wanted is None:
        raise BadRequest("Say whose events the ticket is for", project_id="this, or user_id, is needed with this key")
    caller.may_see(wanted)
    await EVERY[wanted.root].one(wanted.id)
    seconds = min(config.ticket_seconds, MOST_TICKET_SECONDS)
    ticket = await tickets.issue(Admission(wanted, caller.server, caller.user, caller.limited).written(), seconds)
    return Ticket(ticket, datetime.fromtimestamp(datetime.now(UTC).timestamp() + seconds, UTC))


@post(
    "/login",
    tags=["credentials"],
    opt={"public": True},
    summary="Turn the code of a login address into the operator's token, a user's or a moderator's",
)
async def login(data: Login, callers: Callers, logins: Tickets) -> Token:
    worth = await logins.redeem(data.code)
    if worth is None:
        raise NotAuthenticated("This login address was used already or is too old; get a new one with ./ops/open")
    token, ends = callers.token(await _owner(worth), PAGE_SECONDS, admin=worth == ADMIN)
    return Token(token, datetime.fromtimestamp(ends, UTC))


async def _owner(worth: str) -> Whose | None:
    """Whose token a code is worth. Raises NotAuthenticated for a user who was deleted since it was made."""
    if worth in (OPERATOR, ADMIN):
        return None
    root, _, name = worth.partition(" ")  # which no user's id has
    return Whose(MODERATORS, name) if name and root == MODERATORS else await _user(worth)


async def _user(user_id: str) -> Whose:
    try:
        return Whose(USERS.root, (await USERS.one(user_id)).id)
    except NotFound:
        raise NotAuthenticated("The user whose login address this was is no more") from None


router = Router("/", route_handlers=[*_routes(PROJECTS), *_routes(USERS), create_token, create_ticket, login])
