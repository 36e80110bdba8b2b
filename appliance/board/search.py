"""What an id may be, wherever it turned up: in a log, in a link, in a mail."""

from itertools import islice
from uuid import UUID

import msgspec
from redis.asyncio import Redis

from appliance import recent
from appliance.accounts import keys
from appliance.accounts.owners import EVERY
from appliance.beat import beats
from appliance.config import Config
from appliance.ledger import states
from appliance.ledger.database import fetch
from appliance.settings.declared import live_in

MOST_LINES = 50
# Each by its primary key: id, name, state.
_BY_UUID = {
    "asset": "SELECT id::text, filename AS name, state::text FROM ledger.assets WHERE id = $1",
    "webhook": "SELECT id::text, url AS name, CASE WHEN disabled_at IS NULL THEN 'on' ELSE 'disabled' END AS state "
    "FROM webhooks WHERE id = $1",
    "profile": "SELECT id::text, user_id AS name, NULL AS state FROM profiles WHERE id = $1",
    "edition": "SELECT id::text, profile::text AS name, state::text FROM profile_editions WHERE id = $1",
    "message": "SELECT id::text, chat AS name, NULL AS state FROM chat_messages WHERE id = $1",
}
_OWNER = "SELECT id, name, CASE WHEN deleted_at IS NOT NULL THEN 'deleting' END AS state FROM {table} WHERE id = $1"
_LINKS = {
    "asset": "/assets/{id}/timeline",
    "webhook": "/webhooks/{id}",
    "profile": "/profiles/{id}",
    "edition": "/moderation/editions/{id}",
    "project": "/projects/{id}",
    "user": "/users/{id}",
    "chat": "/chats/{id}",
    "setting": "/settings/{id}",
}


class Found(msgspec.Struct, frozen=True):
    """Something of this id. `link`: where the API tells more of it."""

    what: str
    id: str
    name: str
    state: str | None = None
    link: str | None = None


class Line(msgspec.Struct, frozen=True):
    """A line that a part logged."""

    at: str
    part: str
    level: str
    event: str
    line: str


class Lines(msgspec.Struct, frozen=True):
    """`since`: the time of the oldest line there is at all; `kept` says which are."""

    lines: list[Line]
    since: str | None
    kept: str


class Result(msgspec.Struct, frozen=True):
    q: str
    found: list[Found]
    log: Lines


async def search(redis: Redis, config: Config, q: str) -> Result:
    """All that goes by exactly this id, and the newest lines that name it. Raises Unavailable and RedisError."""
    found = [*await _by_uuid(q), *await _owners(q), *await _keys(q), *await _parts(redis, q), *_settings(config, q)]
    return Result(q, found, await lines(redis, q, limit=MOST_LINES))


async def lines(redis: Redis, q: str = "", part: str = "", level: str = "", limit: int = 100) -> Lines:
    """The newest lines that hold `q`, of one part (with or without its host), of one level. Raises RedisError."""
    kept = await recent.lines(redis)
    fitting = (
        one
        for one in kept
        if q.lower() in one["line"].lower()
        and (not part or part in (one["part"], one["part"].partition("@")[0]))
        and (not level or level == one["level"])
    )
    newest = [Line(**one) for one in islice(fitting, limit)]
    return Lines(newest, kept[-1]["at"] if kept else None, recent.KEPT)


async def _by_uuid(q: str) -> list[Found]:
    try:
        one = UUID(q)
    except ValueError:
        return []
    return [
        _found(what, row["id"], row["name"], row["state"])
        for what, sql in _BY_UUID.items()
        for row in await fetch(sql, one)
    ]


async def _owners(q: str) -> list[Found]:
    return [
        _found(owners.noun, row["id"], row["name"], row["state"])
        for owners in EVERY.values()
        for row in await fetch(_OWNER.format(table=owners.table._meta.tablename), q)
    ]


async def _keys(q: str) -> list[Found]:
    return [
        _found("key", key.name, "admin" if key.admin else "server", "revoked" if key.revoked_at else "good")
        for key in await keys.listed()
        if key.name == q
    ]


async def _parts(redis: Redis, q: str) -> list[Found]:
    return [
        _found(
            "worker" if beat.name.startswith("worker-") else "part",
            *(beat.part, beat.host, "alive" if beat.alive else "silent"),
        )
        for beat in await beats(redis)
        if q in (beat.part, beat.name)
    ]


def _settings(config: Config, q: str) -> list[Found]:
    one = live_in(type(config)).get(q.lower().removeprefix("darkroom_"))
    return [_found("setting", one.key, one.why, None)] if one else []


def _found(what: str, one: str, name: str, state: str | None) -> Found:
    gone = what == "asset" and state in states.GONE
    link = None if gone else _LINKS.get(what)
    return Found(what, one, name, state, link and link.format(id=one))
