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
    """events: in order. progress: the newest word of files that are being worked on; it may miss some. after: the
    number of the last event that was looked at.
    """

    events: list[Event]
    progress: Mapping[UUID, Progress]
    after: int


async def follow(listener: Listener, stream: int, after: int, only: UUID | None = None) -> AsyncIterator[Page]:
    """Pages of events after `after`, of all assets or of one; never an event twice, none missing. An empty page says
    that there was nothing to tell for BEAT_SECONDS, however much there was of other assets.

    The loss of Postgres only delays: the same page is asked for again. It ends with the last event of an owner that is
    no more.
    """
    now = asyncio.get_running_loop().time
    told = now()
    async with listener.watch(stream) as woken:
        while True:
            woken.clear()
            looked = now()
            over = listener.over(stream)  # asked before the page, which then has all there is
            try:
                found = await events(stream, after)
            except Unavailable:
                await asyncio.sleep(0.5)
                continue
            after = found[-1].seq if found else after
            page = _of(only, Page(found, woken.taken(), after))
            if page.events or page.progress or now() >= told + BEAT_SECONDS:
                yield page
                told = now()
            if len(found) < PAGE:
                if over:
                    return
                await rung(woken, told + BEAT_SECONDS - now())
                await asyncio.sleep(looked + APART_SECONDS - now())


def _of(only: UUID | None, page: Page) -> Page:
    """What is of one asset; of all where that is None."""
    if only is None:
        return page
    progress = {asset: word for asset, word in page.progress.items() if asset == only}
    return Page([event for event in page.events if event.asset == only], progress, page.after)


async def rung(woken: asyncio.Event, seconds: float) -> bool:
    """Whether it is set within so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        return False
    return True
