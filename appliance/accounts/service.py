"""What lets people in: the login of a page, and tokens of a project."""

import re

from appliance.accounts.callers import MODERATORS, Callers
from appliance.accounts.owners import PROJECTS, USERS, Owners
from appliance.accounts.tickets import Tickets
from appliance.accounts.whose import Whose
from appliance.config import current
from appliance.errors import BadRequest, NotFound
from appliance.settings.reading import in_force
from appliance.valkey import quick

OPERATOR_NAME = "operator"
OPERATOR = "*"  # what the code of the operator's login is worth: no user's id
ADMIN = "* admin"  # the same of who may do what an admin key may
MODERATOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
LOGIN_SECONDS = 900  # how long a login address is good for


async def create_login_code(user: str | None = None) -> str:
    """A code for one login to the pages, good for 15 minutes: as the operator, or as a user, who is made if that one is
    new. Raises Unavailable, BadRequest and Conflict.
    """
    if user is not None:
        await _there(USERS, user)
    return await _issued(OPERATOR if user is None else user)


async def create_admin_code() -> str:
    """The same as the operator with all rights of an admin key. Raises Unavailable."""
    return await _issued(ADMIN)


async def create_moderator_code(name: str) -> str:
    """The same as a moderator, whose decisions are noted by `name`. Raises Unavailable and BadRequest."""
    if not MODERATOR.fullmatch(name) or name == OPERATOR_NAME:  # by which the operator's page is noted
        raise BadRequest("The moderator's name is not valid", name="1 to 64 letters, digits and . _ @ -")
    return await _issued(f"{MODERATORS} {name}")


async def _issued(worth: str) -> str:
    redis = quick(current().valkey_url)
    try:
        return await Tickets(redis, "login").issue(worth, LOGIN_SECONDS)
    finally:
        await redis.aclose()


async def project_token(project_id: str, ttl: int) -> str:
    """A token of one project for `ttl` seconds; the project is made if it is new. Raises BadRequest and Conflict."""
    most = (await in_force(current())).token_seconds
    if not 1 <= ttl <= most:
        raise BadRequest("The token's life is not valid", ttl=f"1 to {most} seconds")
    await _there(PROJECTS, project_id)
    return Callers(current().token_secret).token(Whose(PROJECTS.root, project_id), ttl)[0]


async def _there(owners: Owners, owner_id: str) -> None:
    """Makes an owner that is new. Raises BadRequest and Conflict."""
    try:
        await owners.one(owner_id)
    except NotFound:
        await owners.create(owner_id, owner_id)
