"""Readers of a stream as tests keep them: running in the background, with all they were told."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from appliance.accounts.whose import Whose
from appliance.files.versions import Linker
from appliance.ledger.service import Ledger
from appliance.live.doorbell import Doorbell, Listener
from appliance.live.feeds import Feeds
from appliance.live.frames import OfOwner, Telling
from appliance.live.progress import Teller
from appliance.live.service import bounds
from storage.links import Links
from tests.ledger.book import PROJECT, Book
from tests.ledger.intake import until

__all__ = ["Follower", "until"]

TELLING = OfOwner(Linker(Links("access", "secret", 3600), "http://photos", lambda: None))


@asynccontextmanager
async def running(*parts: Doorbell | Listener | Teller) -> AsyncIterator[None]:
    """Runs the ends of the doorbell, and who tells of progress, while the block runs. Raises what made one end."""
    tasks = [asyncio.create_task(part.run()) for part in parts]
    try:
        yield
        assert not any(task.done() for task in tasks), tasks
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


class Follower:
    """One reader of the project's stream: `seen`, in the order it was told."""

    def __init__(
        self, feeds: Feeds, after: int = 0, telling: Telling = TELLING, who: str = "", pause: float = 0.0
    ) -> None:
        """pause: seconds that it takes for what it is told at once."""
        self.seen: list[int] = []
        self._task = asyncio.create_task(self._follow(feeds, after, telling, who, pause))

    async def _follow(self, feeds: Feeds, after: int, telling: Telling, who: str, pause: float) -> None:
        async with feeds.reading(await bounds(Whose("projects", PROJECT)), after, telling, who) as reader:
            async for frames in reader.pages():
                self.seen += [frame.seq for frame in frames]
                await asyncio.sleep(pause)

    async def reaches(self, seq: int, seconds: float = 15) -> None:
        """Waits until it was told of `seq`."""

        async def there() -> bool:
            if self._task.done():
                self._task.result()
            return bool(self.seen) and self.seen[-1] >= seq

        await until(there, seconds)

    async def close(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task


async def wait_for_ring(listener: Listener, doorbell: Doorbell) -> None:
    """Waits until the one hears the other."""
    async with listener.watch(0) as woken:
        while not woken.is_set():
            doorbell.ring([(0, time.time_ns())])
            await asyncio.sleep(0.05)


def ringing(book: Book, doorbell: Doorbell) -> None:
    """Has the book's ledger ring this doorbell."""
    book.ledger = Ledger(doorbell.ring)
