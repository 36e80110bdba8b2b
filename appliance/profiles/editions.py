"""Editions: each is what somebody wants to have published, as a whole: a profile at first, later each change of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from appliance.accounts.callers import Caller
from appliance.accounts.whose import Whose
from appliance.config import Settings
from appliance.errors import Conflict, NotFound
from appliance.ledger.database import fetch, fetch_one
from appliance.ledger.service import Ring
from appliance.profiles.form import Form
from appliance.profiles.pages import Place
from appliance.profiles.states import State
from storage import layout

BY_GATES, BY_OWNER, BY_OPERATOR = "gates", "owner", "operator"

_COLUMNS = """
SELECT e.id, e.profile, p.user_id, e.state, e.reason, e.name, e.url, e.activity_hobbies, e.hashtags, e.is_incognito,
    e.flags::text AS flags, e.created_at, e.state_at, e.look_at, e.claimed_by, e.claimed_until, e.approved_by,
    e.published_at,
    (SELECT jsonb_object_agg(m.role, m.asset) FROM profile_media m WHERE m.edition = e.id)::text AS media
FROM profile_editions e JOIN profiles p ON p.id = e.profile JOIN users u ON u.id = p.user_id AND u.deleted_at IS NULL
"""
_ONE = f"{_COLUMNS} WHERE e.id = $1"
_NEWEST = f"{_COLUMNS} WHERE p.user_id = $1 ORDER BY e.id DESC LIMIT 1"
_SHOWN = f"{_COLUMNS} WHERE p.id = $1 AND e.id = p.edition AND e.state = 'published'"
_NEWEST_PLACES = """
SELECT n.published_at, n.id AS profile FROM profiles n
WHERE n.published_at IS NOT NULL AND (n.published_at, n.id) < ($1, $2) ORDER BY n.published_at DESC, n.id DESC LIMIT $3
"""
# BETWEEN and its order, so that only the index of a hashtag's profiles will do, however few Postgres expects.
_TAG = "(SELECT h.id FROM hashtags h WHERE h.name = $4)"
_TAGGED_PLACES = f"""
SELECT n.published_at, n.profile FROM profile_hashtags n
WHERE n.hashtag BETWEEN {_TAG} AND {_TAG} AND (n.published_at, n.profile) < ($1, $2)
ORDER BY n.hashtag, n.published_at DESC, n.profile DESC LIMIT $3
"""
_SOME_SHOWN = f"{_COLUMNS} WHERE p.id = ANY ($1) AND e.id = p.edition AND e.state = 'published'"
_STAY = """
UPDATE profile_editions SET reason = $3, look_at = now() + make_interval(secs => $4)
WHERE id = $1 AND state = $2 AND look_at IS NOT DISTINCT FROM $5
"""
_PROFILE = """
SELECT p.id, p.user_id, p.edition, p.published_at FROM profiles p
JOIN users u ON u.id = p.user_id AND u.deleted_at IS NULL WHERE {which}
"""
_LATELY = """
SELECT count(*) AS sent FROM profiles p JOIN profile_editions e ON e.profile = p.id
WHERE p.user_id = $1 AND e.created_at > now() - interval '1 day'
"""
_HISTORY = "SELECT at, who, source, target, reason FROM profile_history WHERE edition = $1 ORDER BY id"


class Edition(msgspec.Struct, frozen=True):
    """One as the ledger keeps it. media: role → asset. look_at: when the gates are tried again."""

    id: UUID
    profile: UUID
    user_id: str
    state: State
    reason: str
    name: str
    url: str | None
    activity_hobbies: str
    hashtags: list[str]
    is_incognito: bool
    flags: list[dict[str, Any]]
    created_at: datetime
    state_at: datetime
    look_at: datetime | None
    claimed_by: str | None
    claimed_until: datetime | None
    approved_by: str | None
    published_at: datetime | None
    media: dict[str, UUID]

    @property
    def form(self) -> Form:
        return Form(self.name, self.url, self.activity_hobbies, self.hashtags, self.is_incognito)


class Profile(NamedTuple):
    """Whose it is, and which edition everybody sees, if one."""

    id: UUID
    user_id: str
    edition: UUID | None
    published_at: datetime | None


class Step(NamedTuple):
    """A line of an edition's history."""

    at: datetime
    who: str
    source: str | None
    target: str
    reason: str


class Busy(Conflict):
    code = "edition_on_its_way"
    title = "Something of this profile is on its way already"


class MediaGone(Conflict):
    code = "media_gone"
    title = "One of these files was replaced or removed meanwhile; upload it again"


async def edition(edition_id: UUID) -> Edition:
    """Raises NotFound."""
    return _must_be(await fetch_one(_ONE, edition_id))


async def newest(user_id: str) -> Edition:
    """What this user has sent in last, wherever that is. Raises NotFound."""
    return _must_be(await fetch_one(_NEWEST, user_id))


async def shown(profile_id: UUID) -> Edition:
    """The one of a profile that everybody sees. Raises NotFound."""
    return _must_be(await fetch_one(_SHOWN, profile_id))


async def profile_of(user_id: str) -> Profile:
    """Raises NotFound."""
    return _must_be_profile(await fetch_one(_PROFILE.format(which="p.user_id = $1"), user_id))


async def own(profile_id: UUID, caller: Caller) -> Profile:
    """A profile that is this caller's; of a server, anybody's. Raises NotFound for what is another's, too."""
    found = _must_be_profile(await fetch_one(_PROFILE.format(which="p.id = $1"), profile_id))
    caller.may_see(Whose(layout.USERS, found.user_id), "profile")
    return found


async def sent_in_lately(user_id: str) -> int:
    """How many editions a user has sent in within a day."""
    [row] = await fetch(_LATELY, user_id)
    return int(row["sent"])


async def published(hashtag: str | None, before: Place, limit: int) -> tuple[list[Edition], Place | None]:
    """A page of what everybody sees, the newest first, of before a place, of `limit` profiles; with a hashtag in its
    normal form: of those that have it. And the place that the next page begins before. Those whose user was deleted a
    moment ago are left out.
    """
    args = (*before, limit + 1)
    rows = await fetch(_NEWEST_PLACES, *args) if hashtag is None else await fetch(_TAGGED_PLACES, *args, hashtag)
    places: list[Place] = [(row["published_at"], row["profile"]) for row in rows]
    ids = [profile for _, profile in places[:limit]]
    seen = {one.profile: one for one in map(_must_be, await fetch(_SOME_SHOWN, ids))}
    page = [seen[profile] for profile in ids if profile in seen]
    return page, places[limit - 1] if len(places) > limit else None


async def history(edition_id: UUID) -> list[Step]:
    """All that has become of an edition, in order."""
    return [Step(*row) for row in await fetch(_HISTORY, edition_id)]


def _must_be(row: asyncpg.Record | None) -> Edition:
    if row is None:
        raise NotFound("There is no such profile")
    values = dict(row)
    values["state"] = State(values["state"])
    values["flags"] = msgspec.json.decode(values["flags"])
    values["media"] = {role: UUID(asset) for role, asset in msgspec.json.decode(values["media"] or "{}").items()}
    return Edition(**values)


def _must_be_profile(row: asyncpg.Record | None) -> Profile:
    if row is None:
        raise NotFound("There is no such profile")
    return Profile(*row)


class Editions:
    """Moves editions, and rings for whoever listens."""

    def __init__(self, ring: Ring, settings: Settings) -> None:
        self._ring, self._settings = ring, settings

    @property
    def _project(self) -> str | None:
        """Whose webhooks are told."""
        return self._settings.now.profile_project or None

    def _told(self, rows: Sequence[asyncpg.Record]) -> bool:
        self._ring((row["stream"], row["seq"]) for row in rows if row["seq"] is not None)
        return bool(rows)

    async def open(self, user_id: str, form: Form, flags: Sequence[Any], media: Mapping[str, UUID]) -> UUID:
        """A new edition at the first gate, with these files. Raises Busy, MediaGone and NotFound."""
        told = (_json(form), form.hashtags, _json(flags), _json(media))
        statement = "SELECT * FROM ledger.open_edition($1, $2::jsonb, $3, $4::jsonb, $5::jsonb, $6)"
        rows = await fetch(statement, user_id, *told, self._project)
        match rows[0]["verdict"]:
            case "busy":
                raise Busy("An edition of this profile is on its way; wait for it, or withdraw it")
            case "no_media":
                raise MediaGone
            case "gone":
                raise NotFound("There is no such user")
        self._told(rows)
        made: UUID = rows[0]["edition"]
        return made

    async def move(
        self, one: Edition, target: State, reason: str, by: str = BY_GATES, seconds: float | None = 0
    ) -> bool:
        """Takes an edition on; False where it is not where it was any more, or may not be taken there.

        seconds: when the gates are tried again.
        """
        statement = "SELECT * FROM ledger.move_edition($1, $2, $3, $4, $5, $6, $7)"
        moved = (one.id, one.state, target, reason, by, seconds, self._project)
        try:
            return self._told(await fetch(statement, *moved))
        except asyncpg.CheckViolationError:
            return False  # its payment was undone since the gate has looked

    async def stay(self, one: Edition, reason: str, seconds: float | None) -> None:
        """Notes why an edition waits, and when the gates are tried again, unless somebody has asked for that since."""
        await fetch(_STAY, one.id, one.state, reason, seconds, one.look_at)

    async def publish(self, one: Edition) -> bool:
        """Shows an edition in place of the one before; False where that may not be (any more)."""
        return self._told(await fetch("SELECT * FROM ledger.publish_edition($1, $2)", one.id, self._project))

    async def withdraw(self, profile_id: UUID, by: str = BY_OWNER) -> None:
        """Takes back what is on its way. Twice is harmless."""
        self._told(await fetch("SELECT * FROM ledger.withdraw_edition($1, $2, $3)", profile_id, by, self._project))

    async def remove(self, profile_id: UUID) -> None:
        """Takes a profile away with all its media. Twice is harmless."""
        self._told(await fetch("SELECT * FROM ledger.remove_profile($1, $2)", profile_id, self._project))

    async def judge(self, edition_id: UUID, moderator: str, approved: bool, reason: str) -> str:
        """A moderator's word; the verdict as of ledger.judge_edition."""
        said = (edition_id, moderator, approved, reason, self._project)
        rows = await fetch("SELECT * FROM ledger.judge_edition($1, $2, $3, $4, $5)", *said)
        self._told(rows)
        verdict: str = rows[0]["verdict"]
        return verdict


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
