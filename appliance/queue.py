"""The one module behind which arq stands: lanes, what goes into the queue, and the loop of a worker.

A job carries an asset's id and nothing else; the ledger decides whether there is work. The queue is a window on the
backlog, not the backlog: losing all of it loses nothing.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import UUID

import msgspec
import redis
from arq import Worker, func
from arq.connections import ArqRedis
from arq.constants import in_progress_key_prefix, job_key_prefix
from arq.typing import WorkerCoroutine
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError

from appliance.valkey import connections

IMAGES, MEDIA, BACKFILL = "images", "media", "backfill"
LANES = (IMAGES, MEDIA, BACKFILL)
FUNCTION = "develop"
ORDER = "order"
PICKED_SECONDS = 10.0  # how long a job that a worker picked up is left to it: long enough to claim it in the ledger
# arq lets a job wait until the time it was put in, by the clock of who put it in: one that is an hour ahead, or was set
# back since, would keep it waiting. So all are put in at one time long ago, and stand in the order of their ids, which
# is that of their age.
DUE = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
AHEAD = datetime(1970, 1, 1, 0, 0, 0, 500_000, tzinfo=UTC)  # for what somebody waits for at this moment
BEHIND = datetime(1970, 1, 1, 0, 0, 2, tzinfo=UTC)  # for what is tried again: its ids are older than those of new work
KEPT = timedelta(days=1)
LOOK = 16  # jobs a worker looks through at first: what others have under way is among them, that of dead workers too

UUID_CHARACTERS = 36  # with which the id of a job begins

NO_LIMIT = timedelta(days=365)

RINGS = 16  # kept for workers that are not waiting at the moment
LATEST_SECONDS = 1  # how late a worker sees a job if a ring was lost, as with a worker that was killed

PAUSED_SECONDS = 0.25  # how late a worker of a lane that was paused sees that it goes on
RAISED_SECONDS = 1.0  # how late one that has all it may sees that it may have more
MOST_AT_ONCE = 1024  # jobs of one worker, whatever its limit says

Job = Callable[..., Awaitable[None]]  # (context, the asset's id)
Limit = Callable[[], int]  # jobs that a worker may have under way now; 0: it begins none
Others = Callable[[Sequence[UUID]], Awaitable[Collection[UUID]]]  # those of these assets that are for others

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder().decode


def _connection(url: str) -> ArqRedis:
    """One that waits out a Valkey that is away: a worker, and what it has under way, would end with the first error."""
    retry = Retry(ExponentialBackoff(cap=1, base=0.05), -1)
    # Python's own are of connecting, those of redis of a command that was sent already.
    away = [ConnectionError, TimeoutError, redis.ConnectionError, redis.TimeoutError]
    pool = connections(url, retry=retry, retry_on_error=away, socket_connect_timeout=2, socket_timeout=15)
    return ArqRedis(pool, job_serializer=_encode, job_deserializer=_decode)


def queue_name(lane: str) -> str:
    """The sorted set in which a lane's jobs wait."""
    return f"darkroom:queue:{lane}"


def bell(queue: str) -> str:
    """The list that workers wait at while there is nothing for them in a queue: whoever takes an element out looks."""
    return f"{queue}:bell"


def job_id(asset: UUID, attempt: int) -> str:
    """The id of a job: a new one for each attempt."""
    return f"{asset}:{attempt}"


def again(context: dict[str, Any]) -> bool:
    """Whether somebody may have begun with the asset of a job before, from the context that the job is called with."""
    return context["job_try"] > 1 or not context["job_id"].endswith(":1")


def _earlier(worth: float) -> timedelta:
    """The queue is in the order of milliseconds, of which 900 are for worths: each is 5 % more than the one before."""
    return timedelta(milliseconds=min(900, round(math.log1p(max(worth, 0.0)) / math.log(1.05))))


class Queue:
    """Puts jobs into lanes, never more than `window` at once in one of them."""

    def __init__(self, url: str, window: int) -> None:
        self._redis = _connection(url)
        self.window = window

    async def room(self, lane: str) -> int:
        """How many jobs that have just come up may go straight into the lane.

        None when it is half full: then older ones may be waiting outside, and the sweep lets them in first.
        """
        waiting = int(await self._redis.zcard(queue_name(lane)))
        return self.window - waiting if waiting < self.window / 2 else 0

    async def waiting(self, lane: str) -> set[str]:
        """The ids of the jobs in the lane."""
        return {identity.decode() for identity in await self._redis.zrange(queue_name(lane), 0, -1)}

    async def put(self, lane: str, asset: UUID, attempt: int, behind: bool = False, worth: float | None = None) -> None:
        """Queues one attempt at an asset, `behind` all that is not, and wakes a worker; the same attempt twice is one
        job. worth: those that have one stand in the order of it, the most first.
        """
        due = DUE - _earlier(worth) if worth is not None else BEHIND if behind else DUE
        await self._put(lane, FUNCTION, asset.hex, job_id(asset, attempt), due)

    async def put_order(self, lane: str, asset: UUID, name: str, attempt: int) -> None:
        """The same for an order of this name, ahead of all files."""
        await self._put(lane, ORDER, f"{asset}/{name}", f"{asset}/{name}:{attempt}", AHEAD)

    async def withdraw(self, lane: str, identities: Collection[str]) -> set[str]:
        """Takes jobs out of the lane by their ids, but for those that a worker has just picked up: the ids."""
        if not identities:
            return set()
        names = list(identities)
        taken = await self._redis.mget([in_progress_key_prefix + name for name in names])
        free = [name for name, mark in zip(names, taken, strict=True) if mark is None]
        if free:
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.zrem(queue_name(lane), *free)
                pipe.delete(*(job_key_prefix + name for name in free))
                await pipe.execute()
        return set(free)

    async def _put(self, lane: str, function: str, what: str, identity: str, due: datetime) -> None:
        await self._redis.enqueue_job(
            function, what, _job_id=identity, _queue_name=queue_name(lane), _defer_until=due, _expires=KEPT
        )
        async with self._redis.pipeline() as pipe:
            pipe.lpush(bell(queue_name(lane)), b"")
            pipe.ltrim(bell(queue_name(lane)), 0, RINGS - 1)
            await pipe.execute()


class _Waiting(Worker):
    """Looks into the queue when a job was put in or has ended, where arq looks every so many milliseconds; asks once
    which of the jobs it sees are under way, where arq takes three round trips for each of them; and looks further into
    the queue once all it saw were under way elsewhere, or for others: the more workers, the further. How many jobs it
    may have is asked each time.
    """

    limit: Limit
    others: Others | None = None

    async def _poll_iteration(self) -> None:
        seen = self.queue_read_limit
        self.max_jobs = self.limit()
        await super()._poll_iteration()
        await asyncio.sleep(0)  # so that a job that has just ended is counted as ended
        if self.max_jobs == 0:
            await asyncio.sleep(PAUSED_SECONDS)
        elif self.job_counter >= self.max_jobs:
            if self.tasks:
                await asyncio.wait(self.tasks.values(), timeout=RAISED_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        elif not self.allow_pick_jobs:
            await asyncio.sleep(0.1)  # it was told to end: what rings now is for others
        elif seen == self.queue_read_limit:
            await self._bell()

    async def _bell(self) -> None:
        try:
            await cast(Awaitable[Any], self.pool.blpop([bell(self.queue_name)], timeout=LATEST_SECONDS))
        except (RedisError, OSError):  # away, or no longer writable: it is looked into all the same
            await asyncio.sleep(LATEST_SECONDS)

    async def start_jobs(self, job_ids: list[bytes]) -> None:
        """Starts what it may of these jobs."""
        if not job_ids:
            return
        taken = await self.pool.mget([in_progress_key_prefix + identity.decode() for identity in job_ids])
        free = [identity for identity, mark in zip(job_ids, taken, strict=True) if mark is None]
        # A mark is gone after PICKED_SECONDS, however long the job takes.
        free = [identity for identity in free if identity.decode() not in self.tasks]
        await super().start_jobs(await self._own(free))
        if len(job_ids) == self.queue_read_limit and self.job_counter < self.max_jobs:
            self.queue_read_limit *= 2

    async def _own(self, job_ids: list[bytes]) -> list[bytes]:
        """Those of them that this worker does not leave to others."""
        if self.others is None or not job_ids:
            return job_ids
        assets = [UUID(identity[:UUID_CHARACTERS].decode()) for identity in job_ids]
        left = set(await self.others(assets))
        return [identity for identity, asset in zip(job_ids, assets, strict=True) if asset not in left]


def worker(
    url: str,
    lane: str,
    job: Job,
    context: dict[str, Any],
    limit: Limit,
    order: Job | None = None,
    others: Others | None = None,
) -> Worker:
    """An arq worker for one lane: as many jobs at once as `limit` says; no retries, no results kept. Each job ends
    itself in its time: that may be set anew while the worker runs, and arq's would not be.
    `order`: what does orders; their jobs have "asset/name" in the place of the asset. `others`: says which jobs stay in
    the queue for workers that can do them.

    Dead work is found by the ledger's leases, so nothing here depends on what Valkey remembers.
    """
    jobs = {FUNCTION: job} | ({ORDER: order} if order else {})
    made = _Waiting(
        functions=[
            func(cast(WorkerCoroutine, one), name=name, timeout=NO_LIMIT, keep_result=0, max_tries=1000)
            for name, one in jobs.items()
        ],
        queue_name=queue_name(lane),
        redis_pool=_connection(url),
        ctx=context,
        max_jobs=MOST_AT_ONCE,  # what its semaphore is made for; the limit is asked for
        poll_delay=0,
        queue_read_limit=LOOK,
        job_completion_wait=10,
        retry_jobs=False,
        # A job taken by a worker that was killed before its claim comes again under the same id. Were it refused as one
        # try too many, its result would be kept (for an hour, if nothing is said here), and so long the id is refused.
        keep_result=0,
        health_check_interval=3600,
        job_serializer=_encode,
        job_deserializer=_decode,
        log_results=False,
    )
    # arq would keep a job for a worker that was killed for as long as any job may take. Another one may have it sooner:
    # if the first was at it after all, the ledger's claim refuses the second.
    made.in_progress_timeout_s = PICKED_SECONDS
    made.limit, made.others = limit, others
    return made
