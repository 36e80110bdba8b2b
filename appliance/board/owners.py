"""Projects, users and chats with what they take up: by pages, and by how their id or name begins."""

from datetime import datetime
from typing import Any

import msgspec

from appliance.accounts.owners import Owners
from appliance.config import Config
from appliance.ledger.database import fetch
from appliance.quotas.limits import Limits, defaults

# In the order of ids, which is that of the primary key; who looks for a name reads on until the page is full.
_PAGE = """
SELECT o.id, o.name, o.created_at, coalesce(u.slots, 0) AS slots, coalesce(u.files, 0) AS files,
    coalesce(u.bytes, 0) AS bytes, u.most_slots, u.most_files, u.most_bytes, u.most_requests
FROM {table} o LEFT JOIN ledger.usage u ON u.scope = $1 AND u.id = o.id
WHERE o.deleted_at IS NULL AND o.id > $2
    AND ($3 = '' OR starts_with(o.id, $3) OR starts_with(lower(o.name), lower($3)))
ORDER BY o.id LIMIT $4
"""


class ShownOwner(msgspec.Struct, frozen=True):
    """`slots`: uploads that were allowed and have not come; `files` counts them too; `bytes` of originals. `limits`:
    what holds, 0 is none; `own`: what was set for this one, null is as the settings say.
    """

    id: str
    name: str
    created_at: datetime
    slots: int
    files: int
    bytes: int
    limits: Limits
    own: Limits


async def page(owners: Owners, beginning: str, after: str, limit: int, config: Config) -> list[ShownOwner]:
    """At most `limit`, in the order of their ids, after the id `after`. Raises Unavailable."""
    sql = _PAGE.format(table=owners.table._meta.tablename)
    general = msgspec.to_builtins(defaults(config)[owners.noun])
    return [_shown(row, general) for row in await fetch(sql, owners.noun, after, beginning, limit)]


def _shown(row: Any, general: dict[str, int]) -> ShownOwner:
    own = {name: row[f"most_{name}"] for name in Limits.__struct_fields__}
    limits = general | {name: most for name, most in own.items() if most is not None}
    told = {name: row[name] for name in ("id", "name", "created_at", "slots", "files", "bytes")}
    return ShownOwner(**told, limits=Limits(**limits), own=Limits(**own))
