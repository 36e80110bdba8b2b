"""One reader of a stream for all who listen to it in this process.

A page is read once, who may be told it is asked once, and each message is written once. Every reader takes what comes
after its cursor at its own pace: nothing is queued for it, so a slow one holds up nobody. Who is further behind than
what is kept here reads pages of the ledger, which it shares with others who are as far behind, until it has caught up.
"""

import asyncio
from bisect import bisect_right
from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from appliance.errors import NotFound
from appliance.live.alarm import Alarm
from appliance.live.doorbell import Listener
from appliance.live.following import APART_SECONDS, BEAT_SECONDS, Page, follow, patiently
from appliance.live.frames import Frame, Telling
from appliance.live.service import PAGE, events

MOST_KEPT = 4 * PAGE
"""Frames that are kept for those who have yet to take them; what all have taken is not."""
PAGE_SECONDS = 3.0  # for which a page is kept that was read for who is behind: others come for the same
CROWD_SECONDS = 1.0  # for which most of the readers are waited for, before they are left behind


class Told(NamedTuple):
    """A page as it is told; `head`: the last event that was looked at."""

    frames: list[Frame]
    head: int


class Feed:
    """A stream as it is told to its readers: what comes after `low`, up to `head`, is here for them to take.

    over: nothing more comes, because of `error` if there is one.
    """

    def __init__(self, listener: Listener, stream: int, after: int, telling: Telling) -> None:
        self.stream, self.telling = stream, telling
        self.readers = set[Reader]()
        self.low = self.head = after
        self.over = False
        self.error: Exception | None = None
        self._kept: list[Frame] = []
        self._pages: dict[int, asyncio.Task[Told]] = {}
        self._task = asyncio.create_task(self._run(listener))

    def since(self, seq: int) -> list[Frame]:
        """What comes after an event that is not before `low`."""
        return self._kept[bisect_right(self._kept, seq, key=attrgetter("seq")) :]

    def close(self) -> None:
        self._task.cancel()

    async def _run(self, listener: Listener) -> None:
        try:
            async with aclosing(follow(listener, self.stream, self.head)) as pages:
                async for page in pages:
                    await self._publish(page)
        except Exception as error:  # whatever it is: its readers are told so, and come back to a new one
            self.error = error
        self.over = True
        for reader in self.readers:
            reader.woken.set()

    async def page(self, after: int) -> "Told":
        """A page of what comes after an event before `low`, and maybe some before that: read once for all who stand
        about there, as a crowd does that comes back.
        """
        start = after - after % PAGE
        reading = self._pages.get(start)
        if reading is None or (reading.done() and (reading.exception() or reading.result().head <= after)):
            reading = self._pages[start] = asyncio.create_task(self._read(start))
            asyncio.get_running_loop().call_later(PAGE_SECONDS, self._forget, start, reading)
        return await asyncio.shield(reading)

    def _forget(self, start: int, reading: "asyncio.Task[Told]") -> None:
        if self._pages.get(start) is reading:
            del self._pages[start]

    async def _read(self, start: int) -> "Told":
        found = await patiently(partial(events, self.stream, start))
        head = found[-1].seq if found else start
        return Told(await patiently(partial(self.telling.frames, Page(found, {}, head))), head)

    async def _publish(self, page: Page) -> None:
        frames = await patiently(partial(self.telling.frames, page))
        asked = list(self.readers)  # who comes later asks for itself, after it has come
        staying = await patiently(partial(self.telling.staying, {reader.who for reader in asked}))
        for reader in asked:
            reader.out |= reader.who not in staying
        numbered = [frame for frame in frames if frame.seq]
        await self._wait_for_most(MOST_KEPT - len(numbered))
        self._keep(numbered, page.after)
        passing = [frame for frame in frames if not frame.seq]
        for reader in self.readers:
            if frames or reader.out:
                reader.hear(passing)

    async def _wait_for_most(self, room: int) -> None:
        """Waits while more than `room` frames are still to be taken by most: they would all read them by themselves."""
        limit = asyncio.get_running_loop().time() + CROWD_SECONDS
        while len(self._kept) > room and asyncio.get_running_loop().time() < limit:
            behind = sum(self.low <= reader.after < self.head for reader in self.readers)
            if 2 * behind <= len(self.readers):
                return
            await asyncio.sleep(APART_SECONDS)

    def _keep(self, frames: list[Frame], head: int) -> None:
        """Adds frames, and drops what every reader has taken that has not fallen behind."""
        taken = min((reader.after for reader in self.readers if reader.after >= self.low), default=self.head)
        self.low = min(taken, self.head)
        kept = [*self.since(self.low), *frames]
        if len(kept) > MOST_KEPT:
            self.low = kept[-MOST_KEPT - 1].seq
        self._kept, self.head = kept[-MOST_KEPT:], head


class Reader:
    """One who listens. after: its cursor. who: the person, if it matters. out: that one may be told nothing more."""

    def __init__(self, feed: Feed, after: int, who: str) -> None:
        self._feed = feed
        self._passing: dict[UUID | str | None, Frame] = {}
        self._silent = False
        self.after, self.who, self.out = after, who, False
        self.woken = asyncio.Event()

    def hear(self, passing: list[Frame]) -> None:
        """There is something to take; and what is passing, of which the newest of each kind counts."""
        self._passing |= {frame.asset or frame.by: frame for frame in passing if frame.by != self.who or not frame.by}
        self.woken.set()

    async def pages(self, only: UUID | None = None) -> AsyncIterator[list[Frame]]:
        """What comes after its cursor, in order, none twice and none missing; of all files or of one. Nothing says that
        there was nothing to tell for BEAT_SECONDS.

        It ends with the last event of an owner that is no more. Raises NotFound for who may be told nothing more.
        """
        silence = Alarm(BEAT_SECONDS, self._break_silence)
        silence.set()
        while True:
            self.woken.clear()
            before, over = self.after, self._feed.over
            frames = [frame for frame in await self._taken() if only is None or frame.asset == only]
            if frames or self._silent:
                yield frames
                self._silent = False
                silence.set()
            elif self.after == before:
                if over:
                    break
                await self.woken.wait()
        if self._feed.error:
            raise self._feed.error

    def _break_silence(self) -> None:
        self._silent = True
        self.woken.set()

    async def _taken(self) -> list[Frame]:
        frames = self._shared() if self.after >= self._feed.low else await self._own()
        if self.out:
            raise NotFound("You may not hear more of this")
        passing, self._passing = self._passing, {}
        return [*frames, *passing.values()]

    def _shared(self) -> list[Frame]:
        frames = self._feed.since(self.after)
        self.after = max(self.after, self._feed.head)
        return frames

    async def _own(self) -> list[Frame]:
        told = await self._feed.page(self.after)
        self.out |= self.who not in await patiently(partial(self._feed.telling.staying, {self.who}))
        frames = [frame for frame in told.frames if frame.seq > self.after]
        self.after = max(self.after, told.head)
        return frames
