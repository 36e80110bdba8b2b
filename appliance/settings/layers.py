"""The layers that the database keeps: what the environment and the file said when they were last read, and what people
set. Every change of them is noted in the same statement.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import NamedTuple

import asyncpg
import msgspec

from appliance.errors import Conflict, NotFound
from appliance.ledger.database import fetch, fetch_one, lost_as_unavailable
from appliance.settings.declared import Setting
from appliance.settings.tables import Layer, Stored

_PUT = """
WITH put AS (
    INSERT INTO settings AS s (layer, key, value, set_by) VALUES ('database', $1, $2, $3)
    ON CONFLICT (layer, key) DO UPDATE SET value = excluded.value, set_by = excluded.set_by, set_at = now()
    WHERE s.value <> excluded.value
    RETURNING old.value AS old, new.value AS new
)
INSERT INTO settings_history (who, via, action, layer, key, old, new, undoes)
SELECT $3, $4, 'set', 'database', $1, CASE WHEN NOT $5 THEN old END, CASE WHEN NOT $5 THEN new END, $6 FROM put
RETURNING id
"""
_REMOVE = """
WITH gone AS (DELETE FROM settings WHERE layer = 'database' AND key = $1 RETURNING value)
INSERT INTO settings_history (who, via, action, layer, key, old, undoes)
SELECT $2, $3, 'unset', 'database', $1, CASE WHEN NOT $4 THEN value END, $5 FROM gone RETURNING id
"""
# What this source gave before and gives no more goes; with $4 also what another one gave.
_REPLACE = """
WITH given AS (
    SELECT * FROM jsonb_each_text($2::text::jsonb) g (key, value)
), gone AS (
    DELETE FROM settings s WHERE s.layer = $1 AND ($4 OR s.set_by = $3)
        AND NOT EXISTS (SELECT FROM given g WHERE g.key = s.key) RETURNING s.key, s.value AS old
), put AS (
    INSERT INTO settings AS s (layer, key, value, set_by) SELECT $1, g.key, g.value, $3 FROM given g
    ON CONFLICT (layer, key) DO UPDATE SET value = excluded.value, set_by = excluded.set_by, set_at = now()
    WHERE s.value <> excluded.value OR s.set_by <> excluded.set_by
    RETURNING s.key, old.value AS old, new.value AS new
), changed AS (
    SELECT 'set' AS action, key, old, new FROM put WHERE old IS DISTINCT FROM new
    UNION ALL SELECT 'unset', key, old, NULL FROM gone
)
INSERT INTO settings_history (who, via, action, layer, key, old, new)
SELECT $3, $5, action, $1, key, CASE WHEN key <> ALL ($6) THEN old END, CASE WHEN key <> ALL ($6) THEN new END
FROM changed RETURNING id
"""
_LAST = """
SELECT h.id, h.action, h.key, h.old, h.new,
    (SELECT s.value FROM settings s WHERE s.layer = 'database' AND s.key = h.key) AS current
FROM settings_history h WHERE h.layer = 'database' AND h.undoes IS NULL AND ($1::bigint IS NULL OR h.id = $1)
    AND NOT EXISTS (SELECT FROM settings_history u WHERE u.undoes = h.id)
ORDER BY h.id DESC LIMIT 1
"""


class Author(NamedTuple):
    """Who changes something, and by what: `api`, `command`, or what the appliance does by itself."""

    who: str
    via: str


async def stored() -> dict[Layer, dict[str, Stored]]:
    """All that is kept, by layer and key. Raises Unavailable."""
    found: defaultdict[Layer, dict[str, Stored]] = defaultdict(dict)
    with lost_as_unavailable():
        for row in await Stored.objects():
            found[Layer(row.layer)][row.key] = row
    return found


async def texts() -> dict[Layer, dict[str, str]]:
    """The same as texts alone. Raises Unavailable."""
    return {layer: {key: row.value for key, row in rows.items()} for layer, rows in (await stored()).items()}


async def put(one: Setting, text: str, by: Author, undoes: int | None = None) -> bool:
    """Keeps what somebody set; whether that changed anything. Raises Unavailable."""
    return bool(await fetch(_PUT, one.key, text, *by, one.secret, undoes))


async def remove(one: Setting, by: Author, undoes: int | None = None) -> bool:
    """Forgets what somebody set, so that the layers below count; whether there was something. Raises Unavailable."""
    return bool(await fetch(_REMOVE, one.key, *by, one.secret, undoes))


async def replace(
    layer: Layer, values: Mapping[str, str], secrets: Collection[str], by: Author, alone: bool = True
) -> int:
    """Keeps what a source says now in the place of what it said before, `alone`: as the only one of its layer.

    Gives how many values that changed. Raises Unavailable.
    """
    given = msgspec.json.encode(values).decode()
    return len(await fetch(_REPLACE, layer, given, by.who, alone, by.via, list(secrets)))


async def take_back(table: Mapping[str, Setting], change: int | None, by: Author) -> str:
    """Takes back a change of the database's layer, the last one that stands for None; gives the key.

    Raises NotFound, Conflict and Unavailable.
    """
    row = await fetch_one(_LAST, change)
    if row is None:
        if change is None:
            raise Conflict("There is no change that could be taken back")
        raise NotFound("There is no such change that could be taken back")
    key = str(row["key"])
    one = table.get(key) or Setting(key, str, "", "")  # of an older release
    hidden = row["old"] is None and row["new"] is None
    if hidden:
        raise Conflict(f"What {key} was before is not kept, since it is a secret: set it")
    if row["current"] != row["new"]:
        raise Conflict(f"{key} was changed again after that: take back the later change first")
    try:
        await (remove(one, by, row["id"]) if row["old"] is None else put(one, row["old"], by, row["id"]))
    except asyncpg.UniqueViolationError:
        raise Conflict("Somebody else has taken that back at this moment") from None
    return key
