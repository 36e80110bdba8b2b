"""What people do with settings: read, set, unset, sync, take back, look who did what."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from appliance.config import Config
from appliance.errors import NotFound
from appliance.ledger.database import lost_as_unavailable
from appliance.settings import layers, published, sources
from appliance.settings.declared import HIDDEN, Setting, find, live_in
from appliance.settings.layers import Author
from appliance.settings.resolving import Resolved, resolved
from appliance.settings.sync import NotSynced, Outcome, sync
from appliance.settings.tables import Change, Layer, Stored

_KEPT = "The change is kept, and a sync is tried again within seconds"

Stores = Mapping[Layer, Mapping[str, Stored]]


async def listed(table: type = Config) -> list[dict[str, Any]]:
    """Every setting that may change, in the order of the table: its value, and where from. Raises Unavailable."""
    kept, force = await layers.stored(), await published.in_force()
    texts = {layer: {key: row.value for key, row in rows.items()} for layer, rows in kept.items()}
    rows = live_in(table)
    found = resolved(rows, texts) | resolved(rows, texts, secrets=True)
    told = force.told.values if force else {}
    return [shown(one, found[key], told.get(key), kept) for key, one in rows.items()]


async def one(key: str, table: type = Config) -> dict[str, Any]:
    """One of them. Raises UnknownSetting, Unavailable."""
    find(table, key)
    return next(row for row in await listed(table) if row["key"] == key)


def shown(one: Setting, found: Resolved, told: str | None, kept: Stores) -> dict[str, Any]:
    """A setting as API and command show it; `told`: the text that is in force, None where none is."""
    row = kept.get(found.layer, {}).get(one.key)
    value = HIDDEN if one.secret else one.cast(found.text)
    return {
        "key": one.key,
        "value": value,
        "from": str(found.layer),
        "pending": not one.secret and told != found.text,
        "default": HIDDEN if one.secret else one.default,
        "kind": _kind(one),
        "unit": str(one.unit),
        "bounds": one.bounds,
        "least": one.least,
        "most": one.most,
        "secret": one.secret,
        "changes": one.why,
        "variable": one.variable,
        "set_by": row.set_by if row else None,
        "set_at": row.set_at if row else None,
    }


def _kind(one: Setting) -> str:
    return one.kind.__name__ if isinstance(one.kind, type) else "list"


async def change(redis: Redis, key: str, text: str, by: Author, table: type = Config) -> Outcome:
    """Sets a setting and syncs.

    Raises UnknownSetting, BadRequest, Unavailable; NotSynced where it is kept for later.
    """
    setting = find(table, key)
    setting.must_cast(text)
    await layers.put(setting, text, by)
    return await _synced(redis, by, table)


async def reset(redis: Redis, key: str, by: Author, table: type = Config) -> Outcome:
    """Forgets what was set, so that file, environment or default count again, and syncs. Raises NotFound where nothing
    was set, UnknownSetting, Unavailable and NotSynced.
    """
    if not await layers.remove(find(table, key), by):
        raise NotFound(f"{key} is not set in the database")
    return await _synced(redis, by, table)


async def rollback(redis: Redis, change_id: int | None, by: Author, table: type = Config) -> tuple[str, Outcome]:
    """Takes back a change, the last one that stands for None, and syncs; the key that it was of.

    Raises NotFound, Conflict, Unavailable and NotSynced.
    """
    key = await layers.take_back(live_in(table), change_id, by)
    return key, await _synced(redis, by, table)


async def read_file(data: Path, host: str, by: Author, table: type = Config) -> int:
    """Takes in the file of this host; how many values that changed. Raises BadFile and Unavailable."""
    values = sources.of_file(table, data)
    secrets = [key for key, one in live_in(table).items() if one.secret]
    whose = Author(f"{sources.FILE}@{host}" if host else sources.FILE, by.via)
    return await layers.replace(Layer.FILE, values, secrets, whose, alone=False)


async def sync_now(redis: Redis, config: Config, by: Author) -> Outcome:
    """Reads the file anew, and syncs. Raises BadFile, Unavailable and NotSynced."""
    await read_file(config.data, config.host, by, type(config))
    return await sync(redis, by, type(config))


async def _synced(redis: Redis, by: Author, table: type) -> Outcome:
    try:
        return await sync(redis, by, table)
    except NotSynced as error:
        raise NotSynced(f"{error.detail}. {_KEPT}") from error


async def history(limit: int, before: int | None = None) -> list[dict[str, Any]]:
    """What was done and by whom, the newest first, before the entry `before`. Raises Unavailable."""
    query = Change.select().order_by(Change.id, ascending=False).limit(limit)
    if before is not None:
        query = query.where(Change.id < before)
    with lost_as_unavailable():
        rows: list[dict[str, Any]] = await query
    return rows
