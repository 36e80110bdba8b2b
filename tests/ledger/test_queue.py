"""The traps of the queue that would leave a photo waiting."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import pytest

from appliance import queue
from appliance.queue import Job, Limit, Others, worker
from tests.daemons.valkey import Valkey
from tests.ledger.intake import Intake, until


@asynccontextmanager
async def _working(
    intake: Intake, job: Job, limit: Limit = lambda: 2, others: Others | None = None
) -> AsyncIterator[asyncio.Task[None]]:
    """A worker of the lane, two jobs at once unless `limit` says otherwise, while the block runs."""
    loop = worker(intake.url, "images", job, {}, limit, others=others)
    running = asyncio.create_task(loop.async_run())
    try:
        yield running
    finally:
        for task in (running, *loop.tasks.values()):
            task.cancel()
        with suppress(asyncio.CancelledError):
            await running
        loop.tasks.clear()
        await loop.close()


class Picked:
    """A job as a killed worker leaves it: picked up, never claimed, never ended."""

    def __init__(self) -> None:
        self.jobs: list[UUID] = []

    async def do(self, context: dict[str, Any], asset: str) -> None:
        self.jobs.append(UUID(asset))
        await asyncio.Event().wait()


class Done:
    """A job that is done at once."""

    def __init__(self) -> None:
        self.jobs: list[UUID] = []

    async def do(self, context: dict[str, Any], asset: str) -> None:
        self.jobs.append(UUID(asset))


async def test_a_job_of_a_worker_killed_before_its_claim_is_done_by_the_next(intake: Intake) -> None:
    asset, done = uuid4(), Done()
    await intake.queue.put("images", asset, 1)
    intake.valkey.set(f"arq:retry:{asset}:1", 1)  # what the killed one left behind

    async def ended() -> bool:
        return done.jobs == [asset] and not intake.valkey.keys("arq:*")

    async with _working(intake, done.do):
        await until(ended)
    assert done.jobs == [asset]


async def test_a_job_picked_up_and_never_claimed_is_soon_somebody_elses(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default within 10 s, not after the longest time that a job may take."""
    asset, picked, done = uuid4(), Picked(), Done()
    await intake.queue.put("images", asset, 1)
    assert queue.PICKED_SECONDS <= 10

    async def taken() -> bool:
        return picked.jobs == [asset]

    async def ended() -> bool:
        return done.jobs == [asset]

    monkeypatch.setattr(queue, "PICKED_SECONDS", 0.5)
    async with _working(intake, picked.do):
        await until(taken)
        async with _working(intake, done.do):
            await until(ended, 5)


async def _done_beside_four_that_hang(intake: Intake) -> int:
    """Four workers have two jobs of nine under way, which stay in the queue at its head; how many a fifth one did."""
    assets, picked, done = [uuid4() for _ in range(9)], Picked(), Done()
    for asset in assets:
        await intake.queue.put("images", asset, 1)

    async def taken() -> bool:
        return len(picked.jobs) == 8

    async def ended() -> bool:
        return set(picked.jobs + done.jobs) == set(assets)

    async with AsyncExitStack() as others:
        for _ in range(4):
            await others.enter_async_context(_working(intake, picked.do))
        await until(taken)
        async with _working(intake, done.do):
            await until(ended, 5)
    return len(done.jobs)


async def test_a_worker_sees_past_more_than_it_looks_at_at_once(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "LOOK", 2)
    assert await _done_beside_four_that_hang(intake) == 1


async def test_what_is_for_others_stays_in_the_queue_and_is_seen_past(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by two workers of which each would have to do what is behind the other's."""
    monkeypatch.setattr(queue, "LOOK", 2)
    here, there, mine, theirs = [uuid4() for _ in range(7)], [uuid4() for _ in range(7)], Done(), Done()
    for number, asset in enumerate([*here, *there]):
        await intake.queue.put("images", asset, 1, worth=1.1 ** (20 - number))

    def leaving(to_others: list[UUID]) -> Others:
        async def those(assets: Sequence[UUID]) -> set[UUID]:
            return set(assets) & set(to_others)

        return those

    async def ended() -> bool:
        return len(mine.jobs) == 7

    async with _working(intake, mine.do, lambda: 1, leaving(here)):
        await until(ended, 5)
        assert mine.jobs == there
        assert [UUID(job[:36]) for job in intake.queued()] == here
        async with _working(intake, theirs.do, lambda: 1, leaving(there)):
            await until(lambda: _none(intake), 5)
    assert theirs.jobs == here


async def _none(intake: Intake) -> bool:
    return not intake.queued()


async def test_what_was_taken_out_may_be_put_in_again_and_what_a_worker_picked_up_stays(intake: Intake) -> None:
    picked, done = Picked(), Done()
    first, second = uuid4(), uuid4()
    await intake.queue.put("images", first, 1)

    async def taken() -> bool:
        return picked.jobs == [first]

    async def ended() -> bool:
        return done.jobs == [second]

    async with _working(intake, picked.do, lambda: 1):
        await until(taken)
        await intake.queue.put("images", second, 1)
        both = {f"{first}:1", f"{second}:1"}
        assert await intake.queue.withdraw("images", both) == {f"{second}:1"}
        assert intake.queued() == [f"{first}:1"]
        await intake.queue.put("images", second, 1)
        async with _working(intake, done.do, lambda: 1):
            await until(ended, 5)


async def test_an_idle_worker_waits_for_its_bell_and_hardly_asks(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked() -> int:
        return int(intake.valkey.info("commandstats").get("cmdstat_zrangebyscore", {}).get("calls", 0))

    async def ended() -> bool:
        return done.jobs == [asset]

    monkeypatch.setattr(queue, "LATEST_SECONDS", 60)  # in this test only the bell wakes it
    asset, done = uuid4(), Done()
    async with _working(intake, done.do):
        await asyncio.sleep(0.5)
        before = asked()
        await asyncio.sleep(1)
        assert asked() <= before + 1
        await intake.queue.put("images", asset, 1)
        await until(ended)


async def test_a_ring_that_was_lost_is_made_up_for(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    async def ended() -> bool:
        return done.jobs == [asset]

    monkeypatch.setattr(queue, "LATEST_SECONDS", 3)
    asset, done = uuid4(), Done()
    async with _working(intake, done.do):
        await asyncio.sleep(0.5)
        monkeypatch.setattr(queue, "bell", lambda name: f"{name}:unheard")  # it waits at the one it knows
        await intake.queue.put("images", asset, 1)
        await until(ended)
    assert done.jobs == [asset]


async def test_an_idle_worker_lives_on_when_its_connection_is_cut(intake: Intake) -> None:
    async def ended() -> bool:
        return done.jobs == [asset]

    async def idle() -> bool:
        waiting[:] = [client for client in intake.valkey.client_list() if client["cmd"] == "blpop"]
        return len(waiting) == 1

    asset, done, waiting = uuid4(), Done(), list[dict[str, str]]()
    async with _working(intake, done.do):
        await until(idle)
        for client in waiting:
            intake.valkey.client_kill_filter(_id=client["id"])
        await intake.queue.put("images", asset, 1)
        await until(ended)
    assert len(waiting) == 1


async def test_a_worker_and_its_job_live_on_when_valkey_is_killed(intake: Intake, valkey: Valkey) -> None:
    first, second, go_on, jobs = uuid4(), uuid4(), asyncio.Event(), list[UUID]()

    async def job(context: dict[str, Any], asset: str) -> None:
        jobs.append(UUID(asset))
        await go_on.wait()
        jobs.append(UUID(asset))

    async def begun() -> bool:
        return jobs == [first]

    async def ended() -> bool:
        return jobs[1:].count(first) == 1 and jobs.count(second) == 2 and not intake.valkey.keys("arq:*")

    async with _working(intake, job) as running:
        await intake.queue.put("images", first, 1)
        await until(begun)
        intake.valkey.client_pause(60_000, all=False)  # so that the word of the job's end is on its way when it dies
        go_on.set()
        await asyncio.sleep(0.5)
        valkey.daemon.kill()
        await asyncio.to_thread(valkey.daemon.start)
        await intake.queue.put("images", second, 1)
        await until(ended)
        assert not running.done()


async def test_a_job_under_way_for_long_is_not_begun_again_by_its_own_worker(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "PICKED_SECONDS", 0.2)
    asset, picked = uuid4(), Picked()
    await intake.queue.put("images", asset, 1)
    async with _working(intake, picked.do):
        await asyncio.sleep(2.5)
    assert picked.jobs == [asset]


@pytest.mark.parametrize(("attempt", "tries", "told"), [(1, 1, False), (2, 1, True), (1, 2, True), (11, 1, True)])
def test_a_job_tells_whether_somebody_may_have_begun_with_it(attempt: int, tries: int, told: bool) -> None:
    assert queue.again({"job_id": queue.job_id(uuid4(), attempt), "job_try": tries}) is told


async def test_more_and_fewer_jobs_at_once_as_the_limit_says_while_it_runs(intake: Intake) -> None:
    """Also while all it may have are under way, which may take hours."""
    assets, jobs, go_on, most = [uuid4() for _ in range(9)], list[str](), asyncio.Semaphore(0), 1
    for asset in assets:
        await intake.queue.put("images", asset, 1)

    async def job(context: dict[str, Any], asset: str) -> None:
        jobs.append(asset)
        await go_on.acquire()

    def begun(count: int) -> Callable[[], Awaitable[bool]]:
        async def reached() -> bool:
            return len(jobs) == count

        return reached

    async with _working(intake, job, lambda: most):
        await until(begun(1))
        most = 4
        await until(begun(4))
        most = 2
        go_on.release()
        go_on.release()  # two are left, as many as there may be
        await asyncio.sleep(1.5)
        assert len(jobs) == 4
        go_on.release()
        await until(begun(5))
        most = 0
        for _ in range(9):
            go_on.release()
        await asyncio.sleep(1.5)
        assert len(jobs) == 5, "nothing is begun in a lane that is paused"
        most = 2
        await until(begun(9), 5)
