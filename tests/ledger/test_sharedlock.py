"""Many at once, or one alone, and nobody is starved."""

import asyncio

import pytest

from appliance.sharedlock import SharedLock

pytestmark = pytest.mark.pure


class Log:
    """Who holds the lock, in the order of coming and going."""

    def __init__(self) -> None:
        self.lock, self.inside, self.seen = SharedLock(), set[str](), list[set[str]]()
        self.order: list[str] = []

    async def hold(self, name: str, go: asyncio.Event) -> None:
        async with self.lock.alone() if name.startswith("alone") else self.lock.shared():
            self.order.append(name)
            self.inside.add(name)
            self.seen.append(set(self.inside))
            try:
                await go.wait()
            finally:
                self.inside.discard(name)


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_one_alone_waits_for_those_inside_and_holds_off_those_who_come() -> None:
    log, first, then = Log(), asyncio.Event(), asyncio.Event()
    tasks = [asyncio.create_task(log.hold(name, first)) for name in ("a", "b")]
    await settle()
    tasks += [asyncio.create_task(log.hold(name, then)) for name in ("alone", "c", "d")]
    await settle()
    assert log.inside == {"a", "b"}
    first.set()
    await settle()
    assert log.inside == {"alone"}
    then.set()
    await asyncio.gather(*tasks)
    assert log.order == ["a", "b", "alone", "c", "d"]
    assert [names for names in log.seen if "alone" in names] == [{"alone"}]


async def test_who_is_cancelled_leaves_the_lock_good() -> None:
    log, go = Log(), asyncio.Event()
    inside = asyncio.create_task(log.hold("a", go))
    await settle()
    waiting = [asyncio.create_task(log.hold(name, go)) for name in ("alone", "b")]
    await settle()
    for task in (*waiting, inside):
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    go.set()
    for name in ("alone", "c"):
        await asyncio.wait_for(log.hold(name, go), 1)
