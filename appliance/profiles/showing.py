"""Profiles as their owner, a moderator and everybody see them."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request

from appliance.accounts import wallets
from appliance.config import Config
from appliance.errors import NotFound
from appliance.files import service
from appliance.files.service import File
from appliance.files.versions import Linker
from appliance.payments.service import Payments
from appliance.profiles import editions, media
from appliance.profiles.editions import Edition, Step
from appliance.profiles.media import For
from appliance.profiles.moderation import NAMED
from appliance.public import linker
from storage.links import Links


class Views:
    """What one who asks gets to see, with links made for that one."""

    def __init__(self, linker: Linker, payments: Payments) -> None:
        self._linker, self._payments = linker, payments

    async def own(self, user_id: str) -> dict[str, Any]:
        """A user's profile, with the newest of its editions, wherever that is. Raises NotFound."""
        profile, newest = await editions.profile_of(user_id), await editions.newest(user_id)
        return {
            "profile_id": profile.id,
            "published": await self._seen_now(newest),
            "edition": {
                **_common(newest),
                "reason": newest.reason,
                "media": await media.shown(newest.media, For.OWNER, self._linker),
                "payment": await self._payments.shown(newest.id),
                "history": [_told(step) for step in await editions.history(newest.id)],
            },
        }

    async def moderators(self, one: Edition) -> dict[str, Any]:
        """What a moderator needs to decide: never the bytes that were uploaded, only what was made of them."""
        return {
            **_common(one),
            "profile_id": one.profile,
            "since": one.state_at,
            "wallet": await wallets.address_of(one.user_id),
            "flags": one.flags,
            "claimed_by": one.claimed_by,
            "claimed_until": one.claimed_until,
            "media": await media.shown(one.media, For.MODERATOR, self._linker),
            "published": await self._seen_now(one),
            "payment": await self._payments.shown(one.id),
            "history": [_told(step) | {"who": step.who} for step in await editions.history(one.id)],
        }

    async def everybodys(self, shown: Sequence[Edition]) -> list[dict[str, Any]]:
        """Published profiles, by two reads however many these are."""
        files = await service.files([asset for one in shown for asset in one.media.values()])
        addresses = await wallets.addresses_of([one.user_id for one in shown if not one.is_incognito])
        return [self._everybodys(one, files, addresses.get(one.user_id)) for one in shown]

    def _everybodys(self, one: Edition, files: Mapping[UUID, File], wallet: str | None) -> dict[str, Any]:
        """One that is incognito has no name, no wallet and no link."""
        hidden = one.is_incognito
        return {
            "profile_id": one.profile,
            "name": None if hidden else one.name,
            "url": None if hidden else one.url,
            "wallet": None if hidden else wallet,
            "activity_hobbies": one.activity_hobbies,
            "hashtags": one.hashtags,
            "is_incognito": hidden,
            "published_at": one.published_at,
            "media": media.linked(one.media, files, For.PUBLIC, self._linker),
        }

    async def _seen_now(self, one: Edition) -> dict[str, Any] | None:
        """What everybody sees of its profile at present."""
        try:
            [seen] = await self.everybodys([await editions.shown(one.profile)])
        except NotFound:
            return None
        return seen


def _common(one: Edition) -> dict[str, Any]:
    return {"edition_id": one.id, "state": one.state, **msgspec.to_builtins(one.form)}


def _told(step: Step) -> dict[str, Any]:
    """Who moderates is nobody's business outside."""
    who = NAMED.strip() if step.who.startswith(NAMED) else step.who
    return {"at": step.at, "who": who, "state": step.target, "reason": step.reason}


async def views(request: Request, config: Config, links: Links, payments: Payments) -> Views:
    """Those of who sent this request."""
    return Views(linker(request, config, links), payments)
