"""`/admin/lanes`: seen, paused, and given more or less at once. What is changed are settings, with their history."""

from typing import Annotated

import msgspec
from litestar import Router, get, post, put
from redis.asyncio import Redis

from appliance import lanes
from appliance.accounts.callers import Caller
from appliance.beat import beats
from appliance.board.lanes import LaneState, listed
from appliance.config import MOST_AT_ONCE
from appliance.errors import NotFound
from appliance.queue import LANES
from appliance.settings import service
from appliance.settings.layers import Author
from appliance.settings.reading import Reader

TAGS = ["admin"]


class Lanes(msgspec.Struct, frozen=True):
    lanes: list[LaneState]


class AtOnce(msgspec.Struct, forbid_unknown_fields=True):
    """Jobs that each worker process of a lane has under way; 0: as many as it was started with."""

    at_once: Annotated[int, msgspec.Meta(ge=0, le=MOST_AT_ONCE)]


@get("/admin/lanes", tags=TAGS, opt={"any_clock": True}, summary="What waits in each lane, and what it may do at once")
async def list_lanes(caller: Caller, settings: Reader, redis: Redis) -> Lanes:
    caller.must_be_admin()
    return Lanes(await listed(settings.now, await beats(redis)))


@post("/admin/lanes/{lane:str}/pause", tags=TAGS, status_code=200, summary="Begin nothing new in a lane")
async def pause(lane: str, caller: Caller, settings: Reader, redis: Redis) -> LaneState:
    """In force in all workers within two seconds, until it is resumed; what is under way ends. Twice is harmless."""
    return await _set(lane, lanes.paused_key(lane), "true", caller, settings, redis)


@post("/admin/lanes/{lane:str}/resume", tags=TAGS, status_code=200, summary="Let a lane go on")
async def resume(lane: str, caller: Caller, settings: Reader, redis: Redis) -> LaneState:
    """Twice is harmless."""
    return await _set(lane, lanes.paused_key(lane), "false", caller, settings, redis)


@put("/admin/lanes/{lane:str}/at-once", tags=TAGS, summary="How much each worker of a lane does at once")
async def set_at_once(lane: str, data: AtOnce, caller: Caller, settings: Reader, redis: Redis) -> LaneState:
    """In force within two seconds: with less, what is under way ends and nothing comes in its place."""
    return await _set(lane, lanes.at_once_key(lane), str(data.at_once), caller, settings, redis)


async def _set(lane: str, key: str, text: str, caller: Caller, settings: Reader, redis: Redis) -> LaneState:
    caller.must_be_admin()
    if lane not in LANES:
        raise NotFound(f"There is no lane {lane[:80]!r}; there are {', '.join(LANES)}")
    await service.change(redis, key, text, Author(caller.name, "api"))
    await settings.look()
    return next(one for one in await listed(settings.now, await beats(redis)) if one.lane == lane)


router = Router("/", route_handlers=[list_lanes, pause, resume, set_at_once])
