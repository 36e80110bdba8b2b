"""One look at a library: find, probe, decide; what is new is remembered, and queued where it is to be made anew.

It goes through the folder a batch at a time, so that memory goes with the batch, whatever the folder holds, but for one
bit for each file; what was decided is in the ledger after each, so that whoever goes on after a worker was killed opens
none of it again. Of what is as it was nothing is written.
"""

import asyncio
import math
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from appliance.ledger.service import Ledger
from appliance.library.catalogue import Catalogue, Library, Row, Scan
from appliance.library.deciding import unopened
from appliance.library.finders import Broken
from appliance.library.finding import AT_ONCE, Entry, several
from appliance.library.fitting import hanging
from appliance.library.keepings import Keepings
from appliance.library.numbers import Numbers
from appliance.library.outcomes import Found, PassedOver, Skip, Transcode, Unreadable, Why
from appliance.library.planning import Examined, examined
from appliance.logs import log
from processors.calls import begun
from processors.sandbox.layers import Protection

LEASE_SECONDS = 60.0


class Overtaken(Exception):
    """Somebody else is at this scan now."""


class BrokenOff(Exception):
    """Not all could be found, so nothing that was not seen is gone. Says why."""


@dataclass
class Counts:
    """Of one scan. seen: all that something is said of; probed: those that were opened; wanted: to be made anew.
    stuck: why nothing can be decided any more.
    """

    seen: int = 0
    probed: int = 0
    wanted: int = 0
    unreadable: int = 0
    skips: Counter[str] = field(default_factory=Counter)
    stuck: str = ""
    numbers: Numbers = field(default_factory=Numbers)  # of those that are known, and as they were

    def told(self) -> dict[str, Any]:
        counts = {name: getattr(self, name) for name in ("seen", "probed", "wanted", "unreadable")}
        return {**counts, "skips": {str(why): count for why, count in self.skips.items()}}


class Scanning:
    """Looks libraries through."""

    def __init__(
        self,
        ledger: Ledger,
        protection: Protection,
        keepings: Keepings | None = None,
        within: Callable[[], float] = lambda: math.inf,
    ) -> None:
        """keepings: needed where a source is a bucket. within: seconds that the work on one file may take."""
        self._catalogue = Catalogue(ledger)
        self.keepings = keepings or Keepings(Path(), Path())
        self._protection, self._within = protection, within

    async def scan(self, library: Library) -> Counts | None:
        """Does the find task of this library; None where there is none for us. Raises Unavailable."""
        scan = await self._catalogue.begin(library, LEASE_SECONDS)
        if scan is None:
            return None
        counts, problem = Counts(), None
        try:
            keeping = asyncio.create_task(self._held(scan, counts))
            try:
                await self._looked(library, scan, counts)
            finally:
                keeping.cancel()
            await self._forget(library, scan, counts)
        except Overtaken:
            return None
        except BrokenOff as error:
            problem = str(error)
        except OSError as error:
            problem = f"{library.workflow.source.where} can't be read: {error.strerror or error}"
        await self._catalogue.note(scan, LEASE_SECONDS, counts.told(), ended=True, problem=problem)
        log.info("library looked through", library=library.workflow.name, problem=problem, **counts.told())
        return counts

    async def _looked(self, library: Library, scan: Scan, counts: Counts) -> None:
        if stuck := hanging(library.workflow):
            raise BrokenOff(stuck)
        # In threads of its own: who looks for files may do so for long, and the others' are needed.
        entries = await asyncio.wrap_future(begun(self.keepings.of(library.workflow).find))
        while batch := await asyncio.wrap_future(begun(partial(several, entries))):
            # By their paths: plug-ins may find a file twice.
            files = list(dict(self._worth_opening(library, batch, counts)).items())
            for place in range(0, len(files), AT_ONCE):
                await self._files(library, scan, files[place : place + AT_ONCE], counts)
            await self._noted(scan, counts)
            if isinstance(last := batch[-1], Broken):
                raise BrokenOff(last.reason)
            if counts.stuck:
                raise BrokenOff(counts.stuck)

    async def _forget(self, library: Library, scan: Scan, counts: Counts) -> None:
        """What was not seen; where something could not be read, or nothing is there, it may be there all the same: a
        disk that is not mounted is an empty folder.
        """
        if counts.seen and not counts.unreadable:
            await self._catalogue.forget(library, scan, counts.numbers)

    async def _noted(self, scan: Scan, counts: Counts) -> None:
        if not await self._catalogue.note(scan, LEASE_SECONDS, counts.told()):
            raise Overtaken

    def _worth_opening(self, library: Library, batch: Sequence[Entry], counts: Counts) -> Iterator[tuple[bytes, Found]]:
        """Those of which nothing can be said before they are opened. The others cost nothing to look at again, so they
        are not remembered: what is too young today is not so for ever.
        """
        source, keeping, now = library.workflow.source, self.keepings.of(library.workflow), time.time()
        for entry in batch:
            counts.seen += 1
            match entry:
                case Unreadable():
                    counts.unreadable += 1
                    log.warning(
                        "library: not read",
                        path=os.fsencode(entry.path).decode("utf-8", "backslashreplace"),
                        reason=entry.reason,
                    )
                case PassedOver():
                    counts.skips[entry.skip.why] += 1
                case Found():
                    skip = unopened(entry, source, library.workflow.rules, now)
                    if skip is not None:
                        counts.skips[skip.why] += 1
                    else:
                        yield keeping.inside(entry), entry

    async def _files(self, library: Library, scan: Scan, files: Sequence[tuple[bytes, Found]], counts: Counts) -> None:
        news, known = await self._catalogue.known(library, files, counts.numbers, self._within())
        counts.skips.update(known)
        slots = asyncio.Semaphore(library.workflow.limits.at_once)
        rows = await asyncio.gather(*(self._row(library, *files[place], slots, counts) for place in news))
        kept = [row for row in rows if row is not None]
        queued = await self._catalogue.keep(library, scan, kept) if kept else []
        counts.wanted += len(queued)

    async def _held(self, scan: Scan, counts: Counts) -> None:
        """Keeps the lease while files are looked at, some of which take long."""
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            await self._catalogue.note(scan, LEASE_SECONDS, counts.told())

    async def _row(
        self, library: Library, path: bytes, found: Found, slots: asyncio.Semaphore, counts: Counts
    ) -> Row | None:
        async with slots:
            if counts.stuck:
                return None
            keeping = self.keepings.of(library.workflow)
            made = await examined(found, library.workflow, self._protection, keeping, self._within())
        counts.probed += 1
        match made.outcome:
            case Unreadable():
                counts.unreadable += 1
                return None
            case Transcode() as one:
                facts = _facts(made) | {"estimated_bytes": one.after, "estimated_cpu_seconds": one.cpu_seconds}
                return Row(path, found, None, one.reason, facts, one.saving_per_cpu_hour)
            case Skip(why=Why.STUCK):  # which says nothing of this file: it is not remembered
                counts.stuck = made.outcome.reason
                return None
            case skip:
                counts.skips[skip.why] += 1
                facts = _facts(made) | ({"estimated_cpu_seconds": skip.cpu_seconds} if skip.cpu_seconds else {})
                return Row(path, found, skip.why, skip.reason, facts, None)


def _facts(made: Examined) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(made.facts) if made.facts else {}
    return found
