"""`/admin/glance`, `/admin/workers`, `/admin/search`, `/admin/log`: what the operator's page begins with."""

from typing import Annotated

from litestar import Router, get
from litestar.params import Parameter
from redis.asyncio import Redis

from appliance.accounts.callers import Caller
from appliance.beat import beats
from appliance.board import failed_api, keys_api, lanes_api, live_api, owners_api, search, workers
from appliance.board import glance as glances
from appliance.board.glance import Glance
from appliance.board.search import Lines, Result
from appliance.board.sources import Sources
from appliance.board.workers import Staff
from appliance.config import Config

TAGS = ["admin"]
WHATEVER_THE_CLOCK = {"any_clock": True}


@get("/admin/glance", tags=TAGS, opt=WHATEVER_THE_CLOCK, summary="Is anything wrong, and what is to be done")
async def glance(caller: Caller, sources: Sources) -> Glance:
    """What ./ops/status and the alerts know, as findings, those first that somebody must act on. `well` is true where
    there are none.
    """
    caller.must_be_admin()
    return await glances.look(sources)


@get("/admin/workers", tags=TAGS, opt=WHATEVER_THE_CLOCK, summary="Each worker, and what it does now")
async def list_workers(caller: Caller, redis: Redis) -> Staff:
    """Workers and other parts that are alive, and those that were not told to end and say nothing any more."""
    caller.must_be_admin()
    return await workers.listed(redis, await beats(redis))


@get("/admin/search", tags=TAGS, summary="What an id is, where to look, and what was logged with it")
async def find(
    caller: Caller, redis: Redis, config: Config, q: Annotated[str, Parameter(min_length=1, max_length=200)]
) -> Result:
    """Of assets, owners, keys, parts, webhooks, profiles, messages and settings. Of the log only warnings, errors,
    and what somebody did are at hand here; all of it is in the log files of the part.
    """
    caller.must_be_admin()
    return await search.search(redis, config, q.strip())


@get("/admin/log", tags=TAGS, summary="What parts last warned of, and who did what; the newest first")
async def read_log(
    caller: Caller,
    redis: Redis,
    q: Annotated[str, Parameter(max_length=200)] = "",
    part: str = "",
    level: str = "",
    limit: Annotated[int, Parameter(ge=1, le=1000)] = 100,
) -> Lines:
    """Of all parts or one, of one level (info, warning, error, critical) or all. Of `info` only what says by whom."""
    caller.must_be_admin()
    return await search.lines(redis, q, part, level, limit)


router = Router(
    "/",
    route_handlers=[
        *(glance, list_workers, find, read_log),
        *(part.router for part in (lanes_api, failed_api, keys_api, owners_api, live_api)),
    ],
)
