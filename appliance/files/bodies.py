"""Bodies read as they come: in time, and to their end."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Hashable
from contextlib import suppress

from litestar.exceptions import InternalServerException

from appliance.errors import Unavailable

SLOW_SECONDS, SLOW_BYTES = 30.0, 16_384  # no so long that fewer come: the slowest radio sends ten times as much
PLACE_SECONDS = 20.0  # the longest that a body waits for a place
DRAINED_SECONDS = 30.0  # at most

BROKEN_OFF = (TimeoutError, InternalServerException)  # what Litestar raises where the client has gone

Pieces = AsyncIterator[bytes]


async def in_time(pieces: Pieces) -> Pieces:
    """`pieces`, as long as they come, and not too slowly. Raises TimeoutError."""
    left, due = SLOW_SECONDS, SLOW_BYTES
    while True:
        began = time.monotonic()
        async with asyncio.timeout(left):
            piece = await anext(pieces, None)
        if piece is None:
            return
        left, due = left - (time.monotonic() - began), due - len(piece)
        if due <= 0:
            left, due = SLOW_SECONDS, SLOW_BYTES
        yield piece


class Places:
    """Places for bodies under way in a process. No owner has more than half of them, and no person more than a quarter,
    so that who sends slowly is not in everybody's way.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken: Counter[Hashable] = Counter()
        self._people: Counter[str | None] = Counter()
        self._left = asyncio.Condition()

    async def take(self, whose: Hashable, person: str | None = None) -> None:
        """Waits for one. Raises Unavailable."""
        try:
            async with asyncio.timeout(PLACE_SECONDS), self._left:
                await self._left.wait_for(lambda: self._free(whose, person))
                self._taken[whose] += 1
                self._people[person] += person is not None
        except TimeoutError:
            raise Unavailable("Too many uploads are under way; try again") from None

    def _free(self, whose: Hashable, person: str | None) -> bool:
        return (
            self._taken.total() < self._most
            and self._taken[whose] < self._most / 2
            and self._people[person] < self._most / 4
        )

    async def give_back(self, whose: Hashable, person: str | None = None) -> None:
        async with self._left:
            self._taken -= Counter([whose])  # keeps no zeros
            self._people -= Counter([person])
            self._left.notify_all()


async def drained(pieces: Pieces) -> None:
    """Reads what is still being sent: whoever is answered before that may not get to see the answer."""
    with suppress(*BROKEN_OFF):
        async with asyncio.timeout(DRAINED_SECONDS):
            async for _ in pieces:
                pass
