"""A plan: find, look, decide, and nothing else. It opens files to read them, and writes nowhere."""

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from appliance.library.deciding import decide, unopened
from appliance.library.finding import Entry, several
from appliance.library.folders import FolderKeeping
from appliance.library.keeping import Keeping
from appliance.library.outcomes import Found, PassedOver, Skip, Transcode, Unreadable
from appliance.library.report import Report
from appliance.library.workflow import Workflow
from processors.calls import begun
from processors.sandbox.layers import Protection
from processors.video.facts import VideoFacts


async def plan(
    workflow: Workflow,
    protection: Protection,
    report: Report,
    tell: Callable[[str], None],
    keeping: Keeping | None = None,
    within: float = math.inf,
) -> None:
    """Fill the report with what would be done. tell: hears of each path that something is said of. keeping: of the
    workflow, needed where its source is a bucket. within: seconds that the work on one file may take.

    Raises OSError where the folder itself can't be read, and SandboxWeak where nothing may be decoded.
    """
    protection.require()
    keeping = keeping or FolderKeeping(workflow)
    queue = Queue(keeping.find())

    async def one_after_the_other() -> None:
        while (entry := await queue.following()) is not None:
            report.add(entry.path, await outcome(entry, workflow, protection, keeping, within))
            tell(entry.path)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(workflow.limits.at_once):
            tasks.create_task(one_after_the_other())


async def outcome(
    entry: Entry, workflow: Workflow, protection: Protection, keeping: Keeping, within: float
) -> Transcode | Skip | Unreadable:
    """What would become of one entry."""
    match entry:
        case Unreadable():
            return entry
        case PassedOver():
            return entry.skip
        case Found():
            return await _of_file(entry, workflow, protection, keeping, within)


async def _of_file(
    found: Found, workflow: Workflow, protection: Protection, keeping: Keeping, within: float
) -> Transcode | Skip | Unreadable:
    skip = unopened(found, workflow.source, workflow.rules, time.time())
    return skip if skip is not None else (await examined(found, workflow, protection, keeping, within)).outcome


class Examined(NamedTuple):
    """What becomes of a file that was opened, and its facts, where it has any."""

    outcome: Transcode | Skip | Unreadable
    facts: VideoFacts | None = None


async def examined(
    found: Found, workflow: Workflow, protection: Protection, keeping: Keeping, within: float = math.inf
) -> Examined:
    """Open a file, and decide by what it says of itself."""
    looked = await keeping.look(found, protection)
    if isinstance(looked, Skip | Unreadable):
        return Examined(looked)
    outcome = await asyncio.to_thread(decide, looked._replace(found=found), workflow, within)
    return Examined(outcome, looked.facts)


class Queue:
    """Entries for several who take one after the other."""

    def __init__(self, entries: Iterator[Entry]) -> None:
        self._entries, self._found, self._turn = entries, deque[Entry](), asyncio.Lock()

    async def following(self) -> Entry | None:
        """The next entry; None at the end.

        In a thread: a folder on a slow network must not hold up those who watch over the sandbox; nor who wants to end.
        """
        async with self._turn:
            if not self._found:
                self._found.extend(await asyncio.wrap_future(begun(partial(several, self._entries))))
            return self._found.popleft() if self._found else None
