"""What lets people in: the operator's login, and tokens of a project."""

from appliance.accounts.callers import Callers
from appliance.accounts.owners import PROJECTS
from appliance.accounts.tickets import Tickets
from appliance.accounts.whose import Whose
from appliance.config import current
from appliance.errors import BadRequest, NotFound
from appliance.settings.reading import in_force
from appliance.valkey import quick

LOGIN_SECONDS = 900  # how long a login address is good for


async def create_login_code() -> str:
    """A code for one login to the pages, good for 15 minutes. Raises Unavailable."""
    redis = quick(current().valkey_url)
    try:
        return await Tickets(redis, "login").issue("operator", LOGIN_SECONDS)
    finally:
        await redis.aclose()


async def project_token(project_id: str, ttl: int) -> str:
    """A token of one project for `ttl` seconds; the project is made if it is new. Raises BadRequest and Conflict."""
    most = (await in_force(current())).token_seconds
    if not 1 <= ttl <= most:
        raise BadRequest("The token's life is not valid", ttl=f"1 to {most} seconds")
    try:
        await PROJECTS.one(project_id)
    except NotFound:
        await PROJECTS.create(project_id, project_id)
    return Callers(current().token_secret).token(Whose(PROJECTS.root, project_id), ttl)[0]
