"""When a library waits: outside its hours, and for everybody who is waiting. Pure decisions, and what they look at."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from redis.asyncio import Redis

from appliance.care import report
from appliance.config import Config
from appliance.lanes import paused
from appliance.ledger.database import fetch_one
from appliance.library.schedule import within
from appliance.library.workflow import Workflow
from appliance.queue import BACKFILL, LANES
from appliance.upkeep import clock
from appliance.valkey import LOST

MOST = 1000
# No more than that many are counted, of lanes whose work goes on: an index has both states by themselves.
_WANTED = """
SELECT (SELECT count(*) FROM (SELECT FROM ledger.assets WHERE state = 'uploaded' AND lane = ANY ($1) LIMIT $2) w)
    + (SELECT count(*) FROM (SELECT FROM ledger.assets WHERE state = 'processing' AND lane = ANY ($1) LIMIT $2) u) AS n
"""


class Around(NamedTuple):
    """What is going on. now: on the operator's clock. wanted: files that somebody sent and waits for."""

    now: datetime
    wanted: int
    healing: bool


def waits(workflow: Workflow, around: Around) -> str | None:
    """Why nothing is transcoded at this moment, for people; None where nothing speaks against it."""
    if not workflow.replace.allowed:
        return "replace.allowed is false: files are found and planned, and nothing is written"
    if not within(workflow.schedule.hours, around.now):
        return f"it is {around.now:%H:%M}, outside {', '.join(workflow.schedule.hours)}"
    if workflow.courtesy.uploads and around.wanted:
        more = " or more" if around.wanted >= MOST else ""
        return f"{around.wanted:,}{more} files that somebody waits for go first"
    if workflow.courtesy.healing and around.healing:
        return "storage repairs itself, which goes first"
    return None


async def look(redis: Redis, config: Config) -> Around:
    """Raises Unavailable. Where nobody tells of storage, nothing is known to be healing."""
    working = [lane for lane in LANES if lane != BACKFILL and not paused(config, lane)]
    row = await fetch_one(_WANTED, working, MOST)
    try:
        told = await report.last(redis)
    except LOST:
        told = None
    now = datetime.now().astimezone(clock.zone(config.timezone))
    return Around(now, row["n"] if row else 0, told is not None and _healing(told))


def _healing(told: Mapping[str, Any]) -> bool:
    now = told["round"]
    return bool(now and now["kind"] == "heal") or any(drive["state"] == "healing" for drive in told["drives"])
