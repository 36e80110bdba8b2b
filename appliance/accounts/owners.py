"""Owners of files: projects, users and chats. Made, listed, deleted; each has a stream of events, and its folders."""

import re
import secrets
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from appliance.accounts.tables import Chat, Owner, Project, User
from appliance.accounts.whose import Whose
from appliance.errors import BadRequest, Conflict, LegalHold, NotFound
from appliance.ledger.database import fetch, lost_as_unavailable
from storage import layout

OWNER_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

# Owner, stream and folders are made together, so that an owner always has them. One being deleted keeps its id until
# all its bytes are gone.
_CREATE = """
WITH made AS (
    INSERT INTO {table} (id, name{names}) VALUES ($1, $2{values}) ON CONFLICT (id) DO NOTHING RETURNING id
), folders AS (
    INSERT INTO folders (root, owner, name) SELECT $3, m.id, f FROM made m, unnest($4::text[]) f ON CONFLICT DO NOTHING
){also}
INSERT INTO ledger.streams (root, owner) SELECT $3, id FROM made
ON CONFLICT (root, owner) DO UPDATE SET closed = false RETURNING owner
"""
_CLOSE = """
WITH gone AS (
    UPDATE {table} SET deleted_at = now() WHERE id = $1 AND deleted_at IS NULL AND {free} RETURNING id
)
UPDATE ledger.streams SET closed = true FROM gone WHERE root = $2 AND owner = gone.id RETURNING owner
"""
# Assets in view of owners being deleted, of all these alike; as many as make $1 that wait to be erased. More would wait
# there just as long, and keep the files that people delete one by one waiting behind them.
# BETWEEN and its order, so that only the index of an owner's assets will do: of one who has few, Postgres might expect
# some soon among all assets, and read these to their end.
_LEAVING = """
WITH room AS (
    SELECT $1::bigint - count(*) AS assets FROM (SELECT FROM ledger.assets WHERE state = 'deleting' LIMIT $1) d
), leaving AS (
    SELECT s.id AS stream FROM ({owners}) o JOIN ledger.streams s ON s.root = o.root AND s.owner = o.id
    CROSS JOIN LATERAL (
        SELECT FROM ledger.assets a WHERE a.stream BETWEEN s.id AND s.id AND a.state NOT IN ('deleting', 'deleted')
        ORDER BY a.stream, a.id DESC LIMIT 1
    ) something
    WHERE o.deleted_at IS NOT NULL ORDER BY o.deleted_at LIMIT 200
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
    DELETE FROM {table} p USING ledger.streams s
    WHERE p.deleted_at IS NOT NULL AND s.root = $1 AND s.owner = p.id
        AND (
            SELECT a.id FROM ledger.assets a
            WHERE a.stream BETWEEN s.id AND s.id AND a.state NOT IN ('deleting', 'deleted')
            ORDER BY a.stream, a.id DESC LIMIT 1) IS NULL
        AND s.id <> ALL (ARRAY(SELECT DISTINCT a.stream FROM ledger.assets a WHERE a.state = 'deleting'))
        -- Another one of the same id is in none of this one's chats.
        AND NOT EXISTS (SELECT FROM chat_members m WHERE $1 = 'users' AND m.user_id = p.id)
        AND NOT EXISTS (SELECT FROM profiles f WHERE $1 = 'users' AND f.user_id = p.id)
        -- All at once they might be more than a statement has time for.
        AND NOT EXISTS (SELECT FROM chat_messages m WHERE $1 = 'chats' AND m.chat = p.id)
    RETURNING p.id
), uncounted AS (
    DELETE FROM ledger.usage u USING gone WHERE u.scope = rtrim($1, 's') AND u.id = gone.id AND u.files = 0
), unfolded AS (
    DELETE FROM folders f USING gone WHERE f.root = $1 AND f.owner = gone.id
)
SELECT id FROM gone
"""

_SILENCE = """
DELETE FROM chat_messages d WHERE d.id IN (
    SELECT m.id FROM chats c CROSS JOIN LATERAL (
        SELECT s.id FROM chat_messages s WHERE s.chat BETWEEN c.id AND c.id ORDER BY s.chat, s.id LIMIT $1
    ) m WHERE c.deleted_at IS NOT NULL LIMIT $1
)
"""


class Owners:
    """All owners below one root, kept in `table`. free: SQL that holds of those that may be deleted."""

    def __init__(self, root: str, table: type[Owner], free: str = "true") -> None:
        self.root, self.table, self._free = root, table, free
        self.noun = root.removesuffix("s")

    async def create(self, name: str, owner_id: str | None = None, also: str = "", *args: Any, **columns: str) -> Owner:
        """A new owner; its id is made up when None is given. also: what is made with it, a statement that reads its id
        from `made`. columns: its others, each by an expression. Both read the `args` from $5 on.

        Raises BadRequest and Conflict.
        """
        if not name.strip() or len(name) > 200:
            raise BadRequest(f"The {self.noun}'s name is not valid", name="1 to 200 characters")
        chosen = secrets.token_hex(8) if owner_id is None else owner_id
        if not OWNER_ID.fullmatch(chosen):
            raise BadRequest(
                f"The {self.noun}'s id is not valid",
                id="1 to 64 letters, digits, - and _, beginning with a letter or digit",
            )
        folders = ["", *layout.FOLDERS[self.root]]  # its own, and those below it
        names, values = ("".join(f", {one}" for one in told) for told in (columns, columns.values()))
        also = f", also AS ({also})" if also else ""
        statement = self._sql(_CREATE, also=also, names=names, values=values)
        if not await fetch(statement, chosen, name, self.root, folders, *args):
            raise Conflict(f"There is a {self.noun} of this id already, or one whose bytes are still being deleted")
        return await self.one(chosen)

    async def one(self, owner_id: str) -> Owner:
        """Raises NotFound."""
        table = self.table
        with lost_as_unavailable():
            found: Owner | None = (
                await table.objects().where((table.id == owner_id) & table.deleted_at.is_null()).first()
            )
        if found is None:
            raise NotFound(f"There is no such {self.noun}")
        return found

    async def page(self, limit: int, after: str) -> list[Owner]:
        """At most `limit` of them in the order of their ids, after the id `after`."""
        table = self.table
        with lost_as_unavailable():
            listed: Sequence[Owner] = (
                await table.objects()
                .where(table.deleted_at.is_null() & (table.id > after))
                .order_by(table.id)
                .limit(limit)
            )
        return list(listed)

    async def delete(self, owner_id: str) -> None:
        """Takes one out of view at once; the sweep removes its bytes. Raises NotFound and LegalHold."""
        if not await fetch(self._sql(_CLOSE, free=self._free), owner_id, self.root):
            await self.one(owner_id)
            raise LegalHold

    async def forget(self) -> list[str]:
        """Forgets the deleted ones whose last bytes are gone; gives their ids, which may be used again."""
        return [row["id"] for row in await fetch(self._sql(_FORGET), self.root)]

    def _sql(self, statement: str, **more: str) -> str:
        return statement.format(table=self.table._meta.tablename, **more)


PROJECTS = Owners(layout.PROJECTS, Project)
USERS = Owners(layout.USERS, User)
CHATS = Owners(layout.CHATS, Chat, free="held_at IS NULL")
EVERY = {owners.root: owners for owners in (PROJECTS, USERS, CHATS)}
OF_PEOPLE = {owners.root: owners for owners in (PROJECTS, USERS)}
"""Those whose token lets in; a chat has members."""

# The rows of all owners, as part of a statement.
OWNERS = " UNION ALL ".join(
    f"SELECT '{owners.root}' AS root, id, deleted_at FROM {owners.table._meta.tablename}" for owners in EVERY.values()
)


async def leaving(most: int) -> list[UUID]:
    """Assets of deleted owners that are still in view, so many that with them `most` wait to be erased."""
    return [row["id"] for row in await fetch(_LEAVING.format(owners=OWNERS), most)]


async def silence(most: int) -> None:
    """Forgets messages of deleted chats, at most so many."""
    await fetch(_SILENCE, most)


async def forget() -> list[Whose]:
    """Forgets every deleted owner whose last bytes are gone."""
    return [Whose(owners.root, gone) for owners in EVERY.values() for gone in await owners.forget()]
