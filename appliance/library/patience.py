"""How long the work on one file may take: time for which it stands still does not count."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from processors.sandbox import stepping

LOOK_SECONDS = 1.0


@asynccontextmanager
async def at_work(seconds: float) -> AsyncIterator[None]:
    """Ends the block with TimeoutError once what it runs has been at work for so many seconds."""
    still = stepping.counted()
    async with asyncio.timeout(seconds) as bound:
        putting_off = asyncio.create_task(_put_off(bound, still))
        try:
            yield
        finally:
            putting_off.cancel()


async def _put_off(bound: asyncio.Timeout, still: stepping.Still) -> None:
    end = bound.when()
    assert end is not None
    while not bound.expired():
        bound.reschedule(end + still.seconds)
        await asyncio.sleep(LOOK_SECONDS)
