"""Processes that stand still before each statement and each request, until they are told to go on.

What runs is the appliance's own code. A process that is told no more is one that was killed there.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar, copy_context
from typing import Any

_current: ContextVar["Process | None"] = ContextVar("process", default=None)


class Process:
    """One run of some of the appliance's code. It stands at its first pause when `started`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._turn = asyncio.Lock()  # of what it does at once, one at a time: so a run can be played again
        self._standing = asyncio.Event()
        self._gate: asyncio.Future[None] | None = None
        self._task: asyncio.Task[Any] | None = None

    @classmethod
    async def started(cls, name: str, work: Coroutine[Any, Any, Any]) -> "Process":
        process = cls(name)
        context = copy_context()
        context.run(_current.set, process)
        process._task = asyncio.get_running_loop().create_task(work, context=context)
        await process._until_standing()
        return process

    @property
    def ended(self) -> bool:
        return self._task is not None and self._task.done()

    def error(self) -> BaseException | None:
        """What ended it, if it did not end well."""
        assert self._task is not None
        return None if self._task.cancelled() else self._task.exception()

    async def go_on(self) -> None:
        """To its next pause, or its end."""
        if self.ended or self._gate is None:
            return
        self._standing.clear()
        if not self._gate.done():
            self._gate.set_result(None)
        await self._until_standing()

    async def kill(self) -> None:
        """It does nothing any more."""
        assert self._task is not None
        self._task.cancel()
        await asyncio.wait({self._task})

    async def stand(self) -> None:
        async with self._turn:
            self._gate = asyncio.get_running_loop().create_future()
            self._standing.set()
            await self._gate

    async def _until_standing(self) -> None:
        assert self._task is not None
        standing = asyncio.create_task(self._standing.wait())
        await asyncio.wait({self._task, standing}, return_when=asyncio.FIRST_COMPLETED)
        standing.cancel()


async def pause() -> None:
    """Where a process stands still. Whatever runs in none passes."""
    if (process := _current.get()) is not None:
        await process.stand()


class Loop(asyncio.SelectorEventLoop):
    """An event loop in which what would be done in a thread is done in its place, after a pause."""

    def run_in_executor(self, executor: Any, call: Callable[..., Any], *args: Any) -> Any:
        async def inline() -> Any:
            await pause()
            return call(*args)

        return self.create_task(inline())


class PacedPool:
    """A pool of connections that pauses before each statement. `after` is run after each, in another transaction."""

    def __init__(self, pool: Any, after: str | None = None) -> None:
        self._pool = pool
        self._after = after

    @asynccontextmanager
    async def acquire(self, **options: Any) -> AsyncIterator[Any]:
        await pause()
        async with self._pool.acquire(**options) as connection:
            yield connection
        if self._after:
            await pause()
            await self._pool.execute(self._after)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pool, name)
