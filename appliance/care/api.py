"""`/cluster`: storage as the caretaker last saw it. The API itself has no key that may ask."""

from typing import Any

from litestar import Router, get
from redis.asyncio import Redis

from appliance.accounts.callers import Caller
from appliance.care import report
from appliance.errors import Unavailable
from appliance.valkey import LOST


class NoReport(Unavailable):
    code = "no_report"
    title = report.NOBODY


@get("/cluster", opt={"any_clock": True}, tags=["health"], summary="Nodes, drives, healing; needs an admin key")
async def read_cluster(caller: Caller, redis: Redis) -> dict[str, Any]:
    """What `./ops/status` shows of storage: nodes, drives, how many more may fail, what is being healed, how long until
    it is full, and sentences that say what is wrong and what to do.
    """
    caller.must_be_admin()
    try:
        found = await report.last(redis)
    except LOST as error:
        raise Unavailable("The report on storage can't be read at the moment: Valkey does not answer") from error
    if found is None:
        raise NoReport
    return found


router = Router("/", route_handlers=[read_cluster])
