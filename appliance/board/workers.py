"""Who is alive, and what each worker is at: from their beats, the ledger's open attempts, and the word on progress."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from redis.asyncio import Redis

from appliance.beat import Beat
from appliance.ledger.database import fetch
from appliance.live.progress import Progress, told_of

PREFIX = "worker-"
MOST = 2000  # attempts under way that are told of
# By the index of what is leased.
_DOING = """
SELECT t.worker, a.id, a.filename, a.kind, t.attempt, t.claimed_at
FROM ledger.assets a JOIN ledger.attempts t ON t.asset = a.id AND t.attempt = a.attempts
WHERE a.state = 'processing' AND t.ended_at IS NULL ORDER BY t.claimed_at, a.id LIMIT $1
"""


class Sandbox(msgspec.Struct, frozen=True):
    """What stands between untrusted bytes and the machine; `missing`: a layer → why it is not there."""

    strong: bool
    layers: list[str]
    missing: dict[str, str]


class Doing(msgspec.Struct, frozen=True):
    """A file that is being worked on; step and percent are known of what takes long."""

    asset_id: str
    filename: str
    kind: str
    attempt: int
    began_at: datetime
    step: str | None
    percent: float | None
    left_seconds: float | None


class Ended(msgspec.Struct, frozen=True):
    """An attempt that ended: `done`, an error's code, or why it came to no end."""

    asset_id: str
    outcome: str
    at: datetime
    milliseconds: int


class Worker(msgspec.Struct, frozen=True):
    """`since`: when its process began; of one that is not alive, when it was heard of last. `clocks`: what is wrong
    with its host's clock, empty where nothing is.
    """

    name: str
    host: str
    lane: str
    alive: bool
    since: datetime | None
    pid: int | None
    sandbox: Sandbox | None
    at_once: int | None
    under_way: int | None
    clocks: str
    doing: list[Doing]
    last: list[Ended]


class Part(msgspec.Struct, frozen=True):
    """Any other process that beats; see Worker."""

    name: str
    host: str
    alive: bool
    since: datetime | None
    pid: int | None
    clocks: str


class Staff(msgspec.Struct, frozen=True):
    """The workers, and all other parts that say that they are alive."""

    workers: list[Worker]
    parts: list[Part]


async def listed(redis: Redis, beats: Iterable[Beat]) -> Staff:
    """Raises Unavailable."""
    rows = await fetch(_DOING, MOST)
    progress = await told_of(redis, [row["id"] for row in rows])
    doing: defaultdict[str, list[Doing]] = defaultdict(list)
    for row in rows:
        doing[row["worker"]].append(_doing(row, progress.get(row["id"])))
    told = list(beats)
    workers = [_worker(beat, doing.get(beat.part, [])) for beat in told if beat.name.startswith(PREFIX)]
    return Staff(workers, [_part(beat) for beat in told if not beat.name.startswith(PREFIX)])


def _doing(row: Any, progress: Progress | None) -> Doing:
    step, percent, left = (progress.step, progress.percent, progress.left) if progress else (None, None, None)
    return Doing(str(row["id"]), row["filename"], row["kind"], row["attempt"], row["claimed_at"], step, percent, left)


def _worker(beat: Beat, doing: Sequence[Doing]) -> Worker:
    told, gauges = beat.told, beat.told.get("gauges", {})
    sandbox = told.get("sandbox")
    return Worker(
        name=beat.part,
        host=beat.host,
        lane=told.get("lane") or beat.name.removeprefix(PREFIX).rpartition("-")[0],
        alive=beat.alive,
        since=_since(beat),
        pid=told.get("pid"),
        sandbox=Sandbox(sandbox["strong"], sandbox["layers"], sandbox["missing"]) if sandbox else None,
        at_once=gauges.get("jobs_at_once"),
        under_way=gauges.get("jobs_under_way"),
        clocks=told.get("clocks", ""),
        doing=list(doing),
        last=[
            Ended(asset, outcome, _moment(at), milliseconds)
            for asset, outcome, at, milliseconds in told.get("last", ())
        ],
    )


def _part(beat: Beat) -> Part:
    told = beat.told
    return Part(beat.part, beat.host, beat.alive, _since(beat), told.get("pid"), told.get("clocks", ""))


def _since(beat: Beat) -> datetime | None:
    at = beat.told.get("began") if beat.alive else beat.at
    return _moment(at) if at else None


def _moment(at: float) -> datetime:
    """To the second, so that what did not change is told alike."""
    return datetime.fromtimestamp(int(at), UTC)
