"""Following a stream: every event after a cursor, in order, for as long as the reader stays."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import NamedTuple
from uuid import UUID

from appliance.errors import Unavailable
from appliance.live.doorbell import Listener
from appliance.live.progress import Progress
from appliance.live.service import PAGE, Event, events

BEAT_SECONDS = 20.0
APART_SECONDS = 0.04
"""Between two looks of one reader, at least. What comes alone is told at once; what comes in a crowd, a few at a time:
reading an event costs as much as reading ten."""


class Page(NamedTuple):
    """events: in order. progress: the newest word of files that are being worked on; it may miss some."""

    events: list[Event]
    progress: Mapping[UUID, Progress]


async def follow(listener: Listener, stream: int, after: int) -> AsyncIterator[Page]:
    """Pages of events after `after`, never an event twice, none missing. An empty page says that all is quiet.

    The loss of Postgres only delays: the same page is asked for again. It ends with the last event of an owner that is
    no more.
    """
    now = asyncio.get_running_loop().time
    async with listener.watch(stream) as woken:
        while True:
            woken.clear()
            looked = now()
            over = listener.over(stream)  # asked before the page, which then has all there is
            try:
                page = await events(stream, after)
            except Unavailable:
                await asyncio.sleep(0.5)
                continue
            progress = woken.taken()
            if page or progress:
                after = page[-1].seq if page else after
                yield Page(page, progress)
            if len(page) < PAGE:
                if over:
                    return
                if not await rung(woken, BEAT_SECONDS):
                    yield Page([], {})
                await asyncio.sleep(looked + APART_SECONDS - now())


async def rung(woken: asyncio.Event, seconds: float = BEAT_SECONDS) -> bool:
    """Whether it is set within so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        return False
    return True
