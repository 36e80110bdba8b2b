"""Lanes: what waits in each, what is under way, and how much of it may be at once."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from appliance import lanes, queue
from appliance.beat import Beat
from appliance.config import Config
from appliance.ledger.database import fetch

# One state at a time, each by an index of what is in it alone.
_WAITING = """
SELECT lane, count(*) AS n, min(uploaded_at) AS oldest_since
FROM ledger.assets WHERE state = 'uploaded' GROUP BY lane
"""
_UNDER_WAY = (
    "SELECT lane, count(*) AS n FROM ledger.assets WHERE state = 'processing' AND lease_until > now() GROUP BY lane"
)
_FAILED = """
SELECT lane, count(*) AS n FROM ledger.assets
WHERE state = 'error' AND error_code IS DISTINCT FROM 'cancelled' GROUP BY lane
"""


class LaneState(msgspec.Struct, frozen=True):
    """`oldest_since`: since when the first file waits: it came then, or was to be tried again. `at_once`: jobs that
    all its workers may have under way together; `wished`: what is set for each worker process, 0 where that is left to
    how they were started.
    """

    lane: str
    paused: bool
    waiting: int
    oldest_since: datetime | None
    under_way: int
    failed: int
    workers: int
    at_once: int
    wished: int


async def listed(config: Config, beats: Iterable[Beat]) -> list[LaneState]:
    """All lanes that have workers, or files. Raises Unavailable."""
    waiting, under_way, failed = [
        {row["lane"]: row for row in await fetch(sql)} for sql in (_WAITING, _UNDER_WAY, _FAILED)
    ]
    workers = list(beats)
    return [
        _lane(lane, config, waiting.get(lane), under_way.get(lane), failed.get(lane), workers)
        for lane in (*queue.LANES, *sorted({*waiting, *under_way, *failed} - {*queue.LANES}))
    ]


def _lane(lane: str, config: Config, waiting: Any, under_way: Any, failed: Any, beats: list[Beat]) -> LaneState:
    workers = [beat.told for beat in beats if beat.told.get("lane") == lane]
    return LaneState(
        lane=lane,
        paused=lanes.paused(config, lane),
        waiting=waiting["n"] if waiting else 0,
        oldest_since=waiting["oldest_since"] if waiting else None,
        under_way=under_way["n"] if under_way else 0,
        failed=failed["n"] if failed else 0,
        workers=len(workers),
        at_once=sum(int(told.get("gauges", {}).get("jobs_at_once", 0)) for told in workers),
        wished=lanes.wished(config, lane),
    )
