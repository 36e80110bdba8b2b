"""Readers of a stream as tests keep them: running in the background, with all they were told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from appliance.ledger.service import Ledger
from appliance.live.doorbell import Doorbell, Listener
from appliance.live.following import follow
from appliance.live.progress import Teller
from tests.ledger.book import Book
from tests.ledger.intake import until

__all__ = ["Follower", "until"]


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
    """One reader of a stream: `seen`, in the order it was told."""

    def __init__(self, listener: Listener, stream: int, after: int = 0) -> None:
        self.seen: list[int] = []
        self._task = asyncio.create_task(self._follow(listener, stream, after))

    async def _follow(self, listener: Listener, stream: int, after: int) -> None:
        async for page in follow(listener, stream, after):
            self.seen += [event.seq for event in page.events]

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


def ringing(book: Book, doorbell: Doorbell) -> None:
    """Has the book's ledger ring this doorbell."""
    book.ledger = Ledger(doorbell.ring)
