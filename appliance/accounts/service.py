"""Projects and server keys: made, listed, deleted."""

import re
import secrets
from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from appliance.accounts.callers import KEY_PREFIX, Callers
from appliance.accounts.tables import ApiKey, Project
from appliance.accounts.tickets import Tickets
from appliance.config import current
from appliance.errors import BadRequest, Conflict, NotFound
from appliance.ledger.database import fetch, fetch_one, lost_as_unavailable
from appliance.valkey import quick

ROOT = "projects"
LOGIN_SECONDS = 900  # how long a login address is good for
PROJECT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

# Project and stream are made together, so that a project always has its stream. One being deleted keeps its id until
# all its bytes are gone.
_CREATE = """
WITH made AS (
    INSERT INTO projects (id, name) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING RETURNING id
)
INSERT INTO ledger.streams (root, owner) SELECT 'projects', id FROM made
ON CONFLICT (root, owner) DO UPDATE SET closed = false RETURNING owner
"""
_CLOSE = """
WITH gone AS (
    UPDATE projects SET deleted_at = now() WHERE id = $1 AND deleted_at IS NULL RETURNING id
)
UPDATE ledger.streams SET closed = true FROM gone WHERE root = 'projects' AND owner = gone.id RETURNING owner
"""
# What is left of projects being deleted: some of their assets to take out of view; the row goes when none is left.
_LEFT = """
SELECT p.id, array(
    SELECT a.id FROM ledger.assets a JOIN ledger.streams s ON s.id = a.stream
    WHERE s.root = 'projects' AND s.owner = p.id AND a.state NOT IN ('deleting', 'deleted') LIMIT 200
) AS assets FROM projects p WHERE p.deleted_at IS NOT NULL LIMIT 20
"""
_ERASING = """
SELECT FROM ledger.assets a JOIN ledger.streams s ON s.id = a.stream
WHERE s.root = 'projects' AND s.owner = $1 AND a.state = 'deleting' LIMIT 1
"""


async def create_project(name: str, project_id: str | None) -> Project:
    """A new project; its id is made up when None is given. Raises BadRequest and Conflict."""
    if not name.strip() or len(name) > 200:
        raise BadRequest("The project's name is not valid", name="1 to 200 characters")
    chosen = secrets.token_hex(8) if project_id is None else project_id
    if not PROJECT_ID.fullmatch(chosen):
        raise BadRequest(
            "The project's id is not valid", id="1 to 64 letters, digits, - and _, beginning with a letter or digit"
        )
    if not await fetch(_CREATE, chosen, name):
        raise Conflict("There is a project of this id already, or one whose bytes are still being deleted")
    return await project(chosen)


async def project(project_id: str) -> Project:
    """One project. Raises NotFound."""
    with lost_as_unavailable():
        found = await Project.objects().where((Project.id == project_id) & Project.deleted_at.is_null()).first()
    if found is None:
        raise NotFound("There is no such project")
    return found


async def projects(limit: int, after: str) -> list[Project]:
    """At most `limit` projects in the order of their ids, after the id `after`."""
    with lost_as_unavailable():
        listed: Sequence[Project] = (
            await Project.objects()
            .where(Project.deleted_at.is_null() & (Project.id > after))
            .order_by(Project.id)
            .limit(limit)
        )
    return list(listed)


async def delete_project(project_id: str) -> None:
    """Takes a project out of view at once; the sweep removes its bytes. Raises NotFound."""
    if not await fetch(_CLOSE, project_id):
        raise NotFound("There is no such project")


async def projects_to_erase() -> list[tuple[str, list[UUID]]]:
    """Projects being deleted, each with some of its assets that are still in view."""
    return [(row["id"], row["assets"]) for row in await fetch(_LEFT)]


async def forget_project(project_id: str) -> bool:
    """Forgets a deleted project whose last bytes are gone; False while there are some."""
    if await fetch_one(_ERASING, project_id) is not None:  # its row has no columns
        return False
    with lost_as_unavailable():
        await Project.delete().where((Project.id == project_id) & Project.deleted_at.is_not_null())
    await fetch("DELETE FROM ledger.usage WHERE scope = 'project' AND id = $1 AND files = 0", project_id)
    return True


async def create_api_key(name: str, admin: bool) -> str:
    """A new server key; only its SHA-256 is kept, so this is the one time it can be read. Raises BadRequest."""
    if not name.strip() or len(name) > 200:
        raise BadRequest("The key's name is not valid", name="1 to 200 characters")
    key = KEY_PREFIX + secrets.token_urlsafe(32)
    with lost_as_unavailable():
        await ApiKey(name=name, sha256=sha256(key.encode()).hexdigest(), admin=admin).save()
    return key


async def create_login_code() -> str:
    """A code for one login to the pages, good for 15 minutes. Raises Unavailable."""
    redis = quick(current().valkey_url)
    try:
        return await Tickets(redis, "login").issue("operator", LOGIN_SECONDS)
    finally:
        await redis.aclose()


async def project_token(project_id: str, ttl: int) -> str:
    """A token of one project for `ttl` seconds; the project is made if it is new. Raises BadRequest and Conflict."""
    most = current().token_seconds
    if not 1 <= ttl <= most:
        raise BadRequest("The token's life is not valid", ttl=f"1 to {most} seconds")
    try:
        await project(project_id)
    except NotFound:
        await create_project(project_id, project_id)
    return Callers(current().token_secret).token(project_id, ttl)[0]
