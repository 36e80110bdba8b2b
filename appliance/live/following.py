"""Following a stream: every event after a cursor, in order, for as long as the reader stays."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from functools import partial
from typing import NamedTuple, TypeVar
from uuid import UUID

from appliance.errors import Unavailable
from appliance.live.doorbell import Listener
from appliance.live.progress import Progress
from appliance.live.service import PAGE, Event, events

T = TypeVar("T")

BEAT_SECONDS = 20.0
AWAY_SECONDS = 0.5  # until the ledger is asked again that was not there
APART_SECONDS = 0.04
"""Between two looks of one reader, at least. What comes alone is told at once; what comes in a crowd, a few at a time:
reading an event costs as much as reading ten."""


class Page(NamedTuple):
    """events: in order. progress: the newest word of files that are being worked on; it may miss some. after: the
    number of the last event that was looked at. typing: who types.
    """

    events: list[Event]
    progress: Mapping[UUID, Progress]
    after: int
    typing: Collection[str] = ()


async def follow(listener: Listener, stream: int, after: int) -> AsyncGenerator[Page, None]:
    """Pages of events after `after`; never an event twice, none missing. An empty page says that there was nothing to
    tell for BEAT_SECONDS.

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
            found = await patiently(partial(events, stream, after))
            after = found[-1].seq if found else after
            progress, typing = woken.taken()
            page = Page(found, progress, after, typing)
            if page.events or page.progress or page.typing or now() >= told + BEAT_SECONDS:
                yield page
                told = now()
            if len(found) < PAGE:
                if over:
                    return
                await rung(woken, told + BEAT_SECONDS - now())
                await asyncio.sleep(looked + APART_SECONDS - now())


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """The ledger's answer, asked for again as long as it is away."""
    while True:
        try:
            return await ask()
        except Unavailable:
            await asyncio.sleep(AWAY_SECONDS)


async def rung(woken: asyncio.Event, seconds: float) -> bool:
    """Whether it is set within so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            await woken.wait()
    except TimeoutError:
        return False
    return True
