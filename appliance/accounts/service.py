"""Projects: made, listed, deleted; and what lets the operator in."""

import re
import secrets
from collections.abc import Sequence
from uuid import UUID

from appliance.accounts.callers import Callers
from appliance.accounts.tables import Project
from appliance.accounts.tickets import Tickets
from appliance.config import current
from appliance.errors import BadRequest, Conflict, NotFound
from appliance.ledger.database import fetch, lost_as_unavailable
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
# Assets in view of projects being deleted, of all these projects alike; as many as make $1 that wait to be erased. More
# would wait there just as long, and keep the photos that people delete one by one waiting behind them.
# BETWEEN and its order, so that only the index of an owner's assets will do: of one who has few, Postgres might expect
# some soon among all assets, and read these to their end.
_LEAVING = """
WITH room AS (
    SELECT $1::bigint - count(*) AS assets FROM (SELECT FROM ledger.assets WHERE state = 'deleting' LIMIT $1) d
), leaving AS (
    SELECT s.id AS stream FROM projects p JOIN ledger.streams s ON s.root = 'projects' AND s.owner = p.id
    CROSS JOIN LATERAL (
        SELECT FROM ledger.assets a WHERE a.stream BETWEEN s.id AND s.id AND a.state NOT IN ('deleting', 'deleted')
        ORDER BY a.stream, a.id DESC LIMIT 1
    ) something
    WHERE p.deleted_at IS NOT NULL ORDER BY p.deleted_at LIMIT 200
)
SELECT a.id FROM leaving l CROSS JOIN LATERAL (
    SELECT a.id FROM ledger.assets a
    WHERE a.stream BETWEEN l.stream AND l.stream AND a.state NOT IN ('deleting', 'deleted')
    ORDER BY a.stream, a.id DESC LIMIT ceil((SELECT r.assets FROM room r)::numeric / (SELECT count(*) FROM leaving))
) a
"""
# An array, since it is made once and only where it is needed.
_FORGET = """
WITH gone AS (
    DELETE FROM projects p USING ledger.streams s
    WHERE p.deleted_at IS NOT NULL AND s.root = 'projects' AND s.owner = p.id
        AND (
            SELECT a.id FROM ledger.assets a
            WHERE a.stream BETWEEN s.id AND s.id AND a.state NOT IN ('deleting', 'deleted')
            ORDER BY a.stream, a.id DESC LIMIT 1) IS NULL
        AND s.id <> ALL (ARRAY(SELECT DISTINCT a.stream FROM ledger.assets a WHERE a.state = 'deleting'))
    RETURNING p.id
), uncounted AS (
    DELETE FROM ledger.usage u USING gone WHERE u.scope = 'project' AND u.id = gone.id AND u.files = 0
)
SELECT id FROM gone
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


async def leaving(most: int) -> list[UUID]:
    """Assets of deleted projects that are still in view, so many that with them `most` wait to be erased."""
    return [row["id"] for row in await fetch(_LEAVING, most)]


async def forget_projects() -> list[str]:
    """Forgets the deleted projects whose last bytes are gone; gives their ids, which may be used again."""
    return [row["id"] for row in await fetch(_FORGET)]


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
