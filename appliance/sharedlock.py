"""A lock that many hold at once, or one alone: a readers-writer lock for tasks of one loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class SharedLock:
    """Whoever wants it alone waits for those who share it, and goes before all who come later."""

    def __init__(self) -> None:
        self._sharing = 0
        self._nobody = asyncio.Event()
        self._nobody.set()
        self._alone = asyncio.Lock()

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[None]:
        """Held beside others who share it."""
        async with self._alone:
            self._sharing += 1
            self._nobody.clear()
        try:
            yield
        finally:
            # Without a pause, in which this could be cancelled.
            self._sharing -= 1
            if not self._sharing:
                self._nobody.set()

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Held by nobody else."""
        async with self._alone:
            await self._nobody.wait()
            yield
