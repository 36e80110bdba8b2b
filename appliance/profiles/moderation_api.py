"""`/moderation`: what waits for a moderator, and what one says of it."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Router, get, post
from litestar.di import Provide
from litestar.params import Parameter

from appliance.accounts.callers import Caller
from appliance.config import Config
from appliance.logs import log
from appliance.profiles import editions, moderation, pages
from appliance.profiles.editions import Editions
from appliance.profiles.showing import Views, views

MODERATORS = {"moderator": True}
TAGS = ["moderation"]
ONE = "/moderation/editions/{edition_id:uuid}"
Limit = Annotated[int, Parameter(ge=1, le=100)]


class Rejection(msgspec.Struct, forbid_unknown_fields=True):
    """`reason`: for who sent it in."""

    reason: str


@get("/moderation/queue", tags=TAGS, opt=MODERATORS, summary="What waits for a moderator, the longest first")
async def queue(caller: Caller, limit: Limit = 50, cursor: str = "") -> dict[str, Any]:
    """`flags`: how many things the pre-checks noticed. Give `next_cursor` as `cursor` to go on."""
    name = caller.must_be_moderator()
    found = await moderation.queue(pages.read(cursor) if cursor else pages.FIRST, limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return {
        "moderator": name,
        "waiting": found[:limit],
        "next_cursor": pages.written(last.since, last.edition_id) if last else None,
    }


@get(ONE, tags=TAGS, opt=MODERATORS, summary="One edition, as a moderator sees it")
async def read(edition_id: UUID, caller: Caller, views: Views) -> Any:
    """Media are what was made of them in the sandbox, never the bytes that came."""
    caller.must_be_moderator()
    return await _told(edition_id, views)


async def _told(edition_id: UUID, views: Views) -> dict[str, Any]:
    return await views.moderators(await editions.edition(edition_id))


@post(f"{ONE}/claim", tags=TAGS, opt=MODERATORS, status_code=200, summary="Take an edition to decide on it")
async def claim(edition_id: UUID, caller: Caller, config: Config, views: Views) -> Any:
    """It is yours for a while; again: from now on."""
    await moderation.claim(edition_id, caller.must_be_moderator(), config.moderation_claim_seconds)
    return await _told(edition_id, views)


@post(f"{ONE}/release", tags=TAGS, opt=MODERATORS, status_code=200, summary="Leave an edition to others")
async def release(edition_id: UUID, caller: Caller, views: Views) -> Any:
    await moderation.release(edition_id, caller.must_be_moderator())
    return await _told(edition_id, views)


@post(f"{ONE}/approve", tags=TAGS, opt=MODERATORS, status_code=200, summary="Let an edition be published")
async def approve(edition_id: UUID, caller: Caller, moves: Editions, views: Views) -> Any:
    """Twice is harmless."""
    moderator = caller.must_be_moderator()
    await moderation.approve(moves, edition_id, moderator)
    log.info("approved", edition=str(edition_id), moderator=moderator)
    return await _told(edition_id, views)


@post(f"{ONE}/reject", tags=TAGS, opt=MODERATORS, status_code=200, summary="Turn an edition down, with the reason")
async def reject(edition_id: UUID, data: Rejection, caller: Caller, moves: Editions, views: Views) -> Any:
    """Twice is harmless."""
    moderator = caller.must_be_moderator()
    await moderation.reject(moves, edition_id, moderator, data.reason)
    log.info("rejected", edition=str(edition_id), moderator=moderator)
    return await _told(edition_id, views)


@get("/moderation/history", tags=TAGS, opt=MODERATORS, summary="What moderators have decided, the newest first")
async def history(
    caller: Caller, limit: Limit = 50, cursor: Annotated[int | None, Parameter(ge=0, le=10**18)] = None
) -> dict[str, Any]:
    caller.must_be_moderator()
    found = await moderation.done(cursor, limit + 1)
    more = len(found) > limit
    return {"decisions": found[:limit], "next_cursor": found[limit - 1]["id"] if more else None}


router = Router(
    "/",
    route_handlers=[queue, read, claim, release, approve, reject, history],
    dependencies={"views": Provide(views)},
)
