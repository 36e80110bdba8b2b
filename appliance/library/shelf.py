"""All libraries that this worker has mounted: each is looked through when that is due, whatever else goes on."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from pathlib import Path
from uuid import UUID

from redis.asyncio import Redis

from appliance.care import report
from appliance.config import Settings
from appliance.errors import Unavailable
from appliance.ledger.service import Ledger
from appliance.library.catalogue import Catalogue, Library
from appliance.library.courtesy import Around, look, waits
from appliance.library.fitting import hanging
from appliance.library.hearing import Hearing
from appliance.library.jobs import of_others
from appliance.library.keeping import Keeping
from appliance.library.keepings import Keepings
from appliance.library.mounted import Broken, mounted
from appliance.library.overhead import overhead
from appliance.library.scanning import Scanning
from appliance.library.workflow import Workflow
from appliance.logs import log
from appliance.settings import casts
from appliance.valkey import LOST

HELD_SECONDS = 60.0


class Shelf:
    """folder: of workflows; what is in it may change at any time."""

    def __init__(self, folder: Path, ledger: Ledger, scanning: Scanning, redis: Redis, settings: Settings) -> None:
        self._folder = folder
        self.keepings: Keepings = scanning.keepings
        self._catalogue = Catalogue(ledger, settings.now.host)
        self._scanning = scanning
        self._hearing = Hearing(self._catalogue)
        self._redis = redis
        self._settings = settings
        self._broken: dict[str, str] = {}
        self._held: dict[int, tuple[float, str]] = {}
        self._scans: dict[int, asyncio.Task[object]] = {}
        self._waiting = set[int]()
        self.under_way: ContextVar[int | None] = ContextVar("under_way", default=None)
        """The library of the file that a task, and all that it has begun, works on."""
        self.libraries: dict[int, Library] = {}
        """By their ids, as they were at the last look."""

    async def look(self) -> None:
        """One round: what is mounted is told, and what is due is begun. Raises Unavailable."""
        found = await asyncio.to_thread(lambda: list(mounted(self._folder)))
        await self._tell([one for one in found if isinstance(one, Broken)])
        libraries = [await self._catalogue.mount(one) for one in found if isinstance(one, Workflow)]
        self.libraries = {library.id: library for library in libraries}
        self._hearing.of(libraries)
        self._waiting &= self.libraries.keys()
        around = await look(self._redis, self._settings.now) if libraries else None
        for library in libraries:
            if around is not None:
                stands = library.paused or waits(library.workflow, around)
                (self._waiting.add if stands else self._waiting.discard)(library.id)
                await self._catalogue.waits(library, await self._why_not(library, around))
            try:
                await self._scan(library)
            except OSError as error:  # the others go on
                log.error("library not looked through", library=library.workflow.name, error=str(error))

    async def why_not(self, library: int) -> str | None:
        """Why nothing of a library may be transcoded now; None where nothing speaks against it. Raises Unavailable."""
        mine = self.libraries.get(library)
        if mine is None:
            return "its workflow is not mounted here"
        return await self._why_not(mine, await look(self._redis, self._settings.now))

    async def of_others(self, assets: Sequence[UUID]) -> set[UUID]:
        """Those of these files whose libraries are mounted elsewhere; all of them where nobody can say."""
        try:
            return await of_others(assets, self.libraries)
        except Unavailable:
            return set(assets)

    def stands_still(self) -> bool:
        """Whether what is done for the file of who asks does."""
        library = self.under_way.get()
        return library is not None and self.waits(library)

    def waits(self, library: int) -> bool:
        """Whether, when a library was last looked at, it was paused or had to wait for others or its hours. What else
        keeps files from being begun, as a full disk or a plug-in that hangs, is nothing to those under way.
        """
        return library in self._waiting

    async def raw_factor(self, keeping: Keeping) -> float:
        """Bytes on drives for each byte of a library, as far as that is known: elsewhere nobody can say."""
        if not keeping.ours:
            return 1.0
        with suppress(*LOST):
            return overhead(await report.last(self._redis))
        return 1.0

    def hold(self, library: int, why: str) -> None:
        """Lets a library wait for a minute: its disk is full, say."""
        self._held[library] = (time.monotonic() + HELD_SECONDS, why)

    async def _why_not(self, library: Library, around: Around) -> str | None:
        """What nobody but an operator can change comes first."""
        workflow, (until, why) = library.workflow, self._held.get(library.id, (0.0, ""))
        if library.paused:
            return "it is paused"
        if workflow.replace.allowed and (closed := await asyncio.to_thread(self.keepings.of(workflow).forbidden)):
            return closed
        return hanging(workflow) or (why if time.monotonic() < until else waits(workflow, around))

    async def close(self) -> None:
        """Ends what is under way; whoever comes next goes on with it."""
        self._hearing.close()
        for task in self._scans.values():
            task.cancel()
        await asyncio.gather(*self._scans.values(), return_exceptions=True)

    async def _scan(self, library: Library) -> None:
        running = self._scans.get(library.id)
        if running is not None and not running.done():
            return
        if await self._hearing.news(library):
            await self._catalogue.ask(library)
        await self._catalogue.due(library, casts.seconds(library.workflow.schedule.scan))
        self._scans[library.id] = asyncio.create_task(self._scanned(library))

    async def _scanned(self, library: Library) -> None:
        try:
            with suppress(Unavailable):  # the next round goes on with it
                await self._scanning.scan(library)
        except Exception as error:
            log.error("library not looked through", library=library.workflow.name, exc_info=error)

    async def _tell(self, broken: Iterable[Broken]) -> None:
        now = {one.name: one.problem for one in broken}
        for name, problem in now.items():
            if self._broken.get(name) != problem:
                log.error("a file of the library folder is no workflow", file=name, problem=problem)
        self._broken = now
        await self._catalogue.broken([Broken(*one) for one in now.items()])
