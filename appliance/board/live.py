"""The board as it changes: looked at over and over by one loop of a process, for all who watch it there.

Nothing is queued for a reader: it is told the sections that are others than when it was told last, as they are by then.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from appliance.beat import beats
from appliance.board import failed, glance, workers
from appliance.board.failed import Failed, Which
from appliance.board.sources import Sources
from appliance.errors import Unavailable
from appliance.logs import log
from appliance.profiles.pages import LAST
from appliance.settings.reading import Reader as Settings
from appliance.valkey import LOST

EVERY_SECONDS = 2.0
SHARE = 10  # a look that takes long is made seldom: the board costs a tenth of a process at most
BEAT_SECONDS = 10.0
MOST_NEW = 50  # failures that are told of one by one

Sections = dict[str, Any]
Look = Callable[[], Awaitable[Sections]]


class News(NamedTuple):
    """What a reader is told at once: `sections` that changed, files that failed since, and why nothing is known, if
    that is so. All empty: nothing is new.
    """

    sections: Sections
    failed: list[Failed]
    away: str


class Board:
    """What was seen last, and who waits for more."""

    def __init__(self, sources: Sources, settings: Settings) -> None:
        self._sources = sources
        self._settings = settings
        self._sections: Sections = {}
        self._changed: dict[str, int] = {}  # section → the number of the change that it was last in
        self._new: deque[tuple[int, Failed]] = deque(maxlen=MOST_NEW)
        self._newest: tuple[datetime, UUID] | None = None
        self._away = ""
        self._number = 0
        self._rung = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.readers = 0

    @asynccontextmanager
    async def reading(self) -> AsyncIterator["Reader"]:
        """A reader for the time of the block; the loop runs while there is one."""
        self.readers += 1
        if self._task is None:
            self._task = asyncio.create_task(self._run())
        try:
            yield Reader(self)
        finally:
            self.readers -= 1
            if not self.readers and self._task:
                self._task.cancel()
                self._task = None
                self._forget()

    def _forget(self) -> None:
        """Who comes next is shown nothing that was true once."""
        self._sections, self._changed, self._newest, self._away, self._number = {}, {}, None, "", 0
        self._new.clear()

    async def _run(self) -> None:
        while True:
            began = time.monotonic()
            try:
                self._see(await self._look())
                self._fail(await self._failures())
                self._tell_away("")
            except (Unavailable, TimeoutError, *LOST) as error:
                self._tell_away(str(error) or type(error).__name__)
            except Exception as error:  # whatever it is: those who watch would see a board that stands still
                log.error("board not looked at", exc_info=error)
                self._tell_away("A fault of ours; it was logged")
            await asyncio.sleep(max(EVERY_SECONDS, SHARE * (time.monotonic() - began)))

    async def _look(self) -> Sections:
        seen = await glance.look(self._sources)
        staff = await workers.listed(self._sources.redis, await beats(self._sources.redis))
        return {
            "glance": {"well": seen.well, "says": seen.says, "findings": seen.findings},
            "lanes": seen.lanes,
            "workers": staff.workers,
            "parts": staff.parts,
            "failed": await failed.reasons(),
            "settings": {"generation": self._settings.generation},
        }

    async def _failures(self) -> list[Failed]:
        """Those that came since the last look, the newest first; at the first none."""
        rows = await failed.page(Which(), LAST, MOST_NEW)
        before, first = self._newest, self._newest is None
        if rows:
            self._newest = (rows[0]["failed_at"], rows[0]["id"])
        elif first:
            self._newest = (datetime.now(UTC), UUID(int=0))
        if first or before is None:
            return []
        return await failed.shown([row for row in rows if (row["failed_at"], row["id"]) > before], None)

    def _see(self, sections: Sections) -> None:
        changed = [name for name, section in sections.items() if self._sections.get(name) != section]
        if changed:
            self._number += 1
            self._sections = sections
            self._changed |= dict.fromkeys(changed, self._number)
            self._ring()

    def _fail(self, new: list[Failed]) -> None:
        if new:
            self._number += 1
            self._new.extend((self._number, one) for one in reversed(new))
            self._ring()

    def _tell_away(self, why: str) -> None:
        if why != self._away:
            self._away = why
            self._number += 1
            # What is seen again is told as a whole, so that nobody takes it for what was true before.
            self._changed |= dict.fromkeys(self._sections, self._number)
            self._ring()

    def _ring(self) -> None:
        self._rung.set()
        self._rung = asyncio.Event()

    def since(self, number: int) -> tuple[int, News]:
        """What is new after a change, and the number of the newest."""
        sections = {name: self._sections[name] for name, of in self._changed.items() if of > number}
        new = [one for of, one in self._new if of > number]
        return self._number, News({} if self._away else sections, new[::-1], self._away)

    async def rung(self, number: int, seconds: float) -> None:
        """Waits for a change after this one, for so long at most."""
        if self._number > number:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        except TimeoutError:
            return


class Reader:
    """One who watches a board."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._number = 0

    async def news(self) -> News:
        """What is new since the last time; at first all there is. Empty after BEAT_SECONDS of nothing."""
        await self._board.rung(self._number, BEAT_SECONDS)
        self._number, news = self._board.since(self._number)
        return news
