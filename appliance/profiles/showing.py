"""Profiles as their owner, a moderator and everybody see them."""

from typing import Any

import msgspec

from appliance.accounts import wallets
from appliance.config import Config
from appliance.errors import NotFound
from appliance.files.versions import Linker
from appliance.payments import service as payments
from appliance.profiles import editions, media
from appliance.profiles.editions import Edition, Step
from appliance.profiles.media import For
from appliance.profiles.moderation import NAMED
from appliance.profiles.states import State


async def own(user_id: str, linker: Linker, config: Config) -> dict[str, Any]:
    """A user's profile, with the newest of its editions, wherever that is. Raises NotFound."""
    profile = await editions.profile_of(user_id)
    newest = await editions.newest(user_id)
    return {
        "profile_id": profile.id,
        "published": await _seen_now(newest, linker),
        "edition": await _owners(newest, linker, config),
    }


async def _owners(one: Edition, linker: Linker, config: Config) -> dict[str, Any]:
    return {
        "edition_id": one.id,
        "state": one.state,
        "reason": one.reason,
        **msgspec.to_builtins(one.form),
        "media": await media.shown(one.media, For.OWNER, linker),
        "payment": await payments.shown(one.id, config),
        "history": [_told(step) for step in await editions.history(one.id)],
    }


def _told(step: Step) -> dict[str, Any]:
    """Who moderates is nobody's business outside."""
    who = NAMED.strip() if step.who.startswith(NAMED) else step.who
    return {"at": step.at, "who": who, "state": step.target, "reason": step.reason}


async def _seen_now(one: Edition, linker: Linker) -> dict[str, Any] | None:
    """What everybody sees of its profile at present."""
    try:
        return await everybodys(await editions.shown(one.profile), linker)
    except NotFound:
        return None


async def everybodys(one: Edition, linker: Linker) -> dict[str, Any]:
    """A published profile. One that is incognito has no name, no wallet and no link."""
    if one.state != State.PUBLISHED:
        raise NotFound("There is no such profile")
    hidden = one.is_incognito
    return {
        "profile_id": one.profile,
        "name": None if hidden else one.name,
        "url": None if hidden else one.url,
        "wallet": None if hidden else await wallets.address_of(one.user_id),
        "activity_hobbies": one.activity_hobbies,
        "hashtags": one.hashtags,
        "is_incognito": hidden,
        "published_at": one.published_at,
        "media": await media.shown(one.media, For.PUBLIC, linker),
    }


async def moderators(one: Edition, linker: Linker, config: Config) -> dict[str, Any]:
    """What a moderator needs to decide: never the bytes that were uploaded, only what was made of them."""
    return {
        "edition_id": one.id,
        "profile_id": one.profile,
        "state": one.state,
        "since": one.state_at,
        **msgspec.to_builtins(one.form),
        "flags": one.flags,
        "claimed_by": one.claimed_by,
        "claimed_until": one.claimed_until,
        "media": await media.shown(one.media, For.MODERATOR, linker),
        "wallet": await wallets.address_of(one.user_id),
        "published": await _seen_now(one, linker),
        "payment": await payments.shown(one.id, config),
        "history": [_told(step) | {"who": step.who} for step in await editions.history(one.id)],
    }
