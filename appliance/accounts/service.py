"""What lets people in: the login of a page, and tokens of a project."""

from appliance.accounts.callers import Callers
from appliance.accounts.owners import PROJECTS, USERS, Owners
from appliance.accounts.tickets import Tickets
from appliance.accounts.whose import Whose
from appliance.config import current
from appliance.errors import BadRequest, NotFound
from appliance.settings.reading import in_force
from appliance.valkey import quick

OPERATOR = "*"  # what the code of the operator's login is worth: no user's id
LOGIN_SECONDS = 900  # how long a login address is good for


async def create_login_code(user: str | None = None) -> str:
    """A code for one login to the pages, good for 15 minutes: as the operator, or as a user, who is made if that one is
    new. Raises Unavailable, BadRequest and Conflict.
    """
    if user is not None:
        await _there(USERS, user)
    redis = quick(current().valkey_url)
    try:
        return await Tickets(redis, "login").issue(OPERATOR if user is None else user, LOGIN_SECONDS)
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
