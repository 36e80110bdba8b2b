"""The set in force, as the database has it: one row, replaced as a whole by each sync that ends well."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

import msgspec

from appliance.ledger.database import fetch, fetch_one
from appliance.settings.layers import Author

_READ = "SELECT generation, told::text AS told, synced_at, now() AS now FROM settings_published"
_PUBLISH = """
WITH put AS (
    INSERT INTO settings_published AS p (generation, told, synced_by) VALUES ($1, $2::text::jsonb, $3)
    ON CONFLICT (single) DO UPDATE SET generation = excluded.generation, told = excluded.told,
        synced_by = excluded.synced_by, synced_at = now()
    WHERE p.generation < excluded.generation RETURNING generation
)
INSERT INTO settings_history (who, via, action, generation, note)
SELECT $3, $4, 'sync', generation, $5 FROM put RETURNING id
"""
_NOTE = "INSERT INTO settings_history (who, via, action, generation, note) VALUES ($1, $2, 'restore', $3, $4)"


class Told(NamedTuple):
    """A set of one generation: key → text."""

    generation: int
    values: dict[str, str]


class Force(NamedTuple):
    """The set in force, since when, and what time it is by the database's clock."""

    told: Told
    synced_at: datetime
    now: datetime


async def in_force() -> Force | None:
    """None before the first sync. Raises Unavailable."""
    row = await fetch_one(_READ)
    if row is None:
        return None
    values = msgspec.json.decode(row["told"], type=dict[str, str])
    return Force(Told(row["generation"], values), row["synced_at"], row["now"])


async def publish(told: Told, by: Author, changed: Collection[str]) -> bool:
    """Puts `told` in force: from here on it counts, whatever happens. False when a newer one is. Raises Unavailable."""
    note = ", ".join(changed) or None
    text = msgspec.json.encode(told.values).decode()
    return bool(await fetch(_PUBLISH, told.generation, text, *by, note))


async def note_restored(generation: int, by: Author, why: str) -> None:
    """Says in the history that a sync came to nothing. Raises Unavailable."""
    await fetch(_NOTE, *by, generation, why[:500])
