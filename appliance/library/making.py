"""The steps of the work on one file: look, order, make, verify, replace. Each has what it needs from the one before."""

import asyncio
import math
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from appliance.errors import Unavailable
from appliance.library.deciding import decide, ordered_by
from appliance.library.jobs import Job, Made
from appliance.library.keeping import Keeping, Opened, Taken, Wish
from appliance.library.originals import places
from appliance.library.originals.hindrances import Hindrance, NoRoom, NotDone
from appliance.library.originals.scratch import Scratch
from appliance.library.outcomes import Looked, Skip, Why
from appliance.library.probing import looked_into
from appliance.settings import casts
from processors.sandbox.layers import Protection
from processors.sandbox.spent import counted
from processors.video.keeping.order import Order
from processors.video.keeping.remaking import Remaking, remake
from processors.video.keeping.verdict import Bars, Verdict
from processors.video.keeping.verifying import verify
from processors.video.progress import Share, Tell

MADE, VERIFIED = 0.75, 1.0  # of all the work, by when each step is over
AGAIN = frozenset({Hindrance.IN_USE, Hindrance.BUSY, Hindrance.AWAY, Hindrance.FULL})
Found = TypeVar("Found")


class Kept(Exception):
    """The file stays as it is, and why: a word, and a sentence for people."""

    def __init__(self, why: str, reason: str) -> None:
        super().__init__(reason)
        self.why, self.reason = why, reason


class NotNow(Unavailable):
    """The file is not to blame: it is worked on later."""

    code = "not_now"
    title = "This can't be done at the moment"


class NoRoomNow(NotNow):
    """The file system is too full to work on it; for any other file as well, where that is so."""

    code = "no_room"

    def __init__(self, what: NoRoom) -> None:
        super().__init__(what.reason)
        self.for_any = what.free < what.least_free


@dataclass
class Making:
    """One file under way. tell: hears how far it is."""

    job: Job
    keeping: Keeping
    protection: Protection
    tell: Tell
    stack: ExitStack
    scratch: Scratch | None = None

    async def look(self) -> tuple[Opened, Looked]:
        """The file, open, as it was decided about. Raises Kept where it is another one by now, NotNow and NoRoomNow."""
        opened = must_be_done(await in_thread(self.keeping.open, self.job.path, self.job.version, self.stack))
        looked = await looked_into(opened.descriptor, self.protection)
        return opened, looked._replace(found=opened.found)

    async def order(self, looked: Looked, within: float = math.inf) -> Order:
        """within: seconds that the work may take. Raises Kept, and NotNow where a plug-in hangs."""
        # Once more: rules may be others since it was queued.
        must_be_wanted(await asyncio.to_thread(decide, looked, self.job.workflow, within))
        return must_be_wanted(await asyncio.to_thread(ordered_by, looked, self.job.workflow))

    async def room(self, size: int) -> Scratch:
        """For a result that has no more than `size` bytes. Raises NoRoomNow, NotNow and Kept."""
        words = (self.job.path, self.job.claim.id, size)
        return self._opened(must_be_done(await in_thread(self.keeping.room, *words)))

    async def resumed(self, opened: Opened) -> Scratch | None:
        """What an earlier attempt has made of it, whole; None where all is still to be made."""
        made = self.job.made_of(opened.sha256)
        if made is None:
            return None
        words = (self.job.path, self.job.claim.id, (made.size, made.sha256))
        scratch = await in_thread(self.keeping.resume, *words)
        return self._opened(scratch) if scratch else None

    def over(self) -> None:
        """The file has come to its end: nothing of what was made for it stays."""
        if self.scratch is not None:
            self.scratch.keep(False)

    def _opened(self, scratch: Scratch) -> Scratch:
        self.scratch = self.stack.enter_context(scratch)
        return scratch

    async def make(self, opened: Opened, looked: Looked, order: Order, scratch: Scratch) -> Made:
        """Raises Kept where what was made does not save what it has to, and as `remake` does."""
        run = Remaking(order, looked.inventory, self.protection, self.tell, Share(0.0, MADE, None, "transcode"))
        beside = Path(scratch.place.top) / places.HIDDEN / places.WORK
        size = await remake(opened.descriptor, scratch.descriptor, run, beside)
        least = self.job.workflow.verify.least_saving
        if size > looked.facts.size * (1 - least / 100):
            raise Kept(
                "larger", f"it would have {size:,} bytes, {looked.facts.size:,} before: {least:g} % less is asked"
            )
        size, sha256 = await in_thread(scratch.seal)
        return Made(size, sha256, opened.sha256, self.job.workflow.hash())

    async def verify(self, opened: Opened, looked: Looked, order: Order, scratch: Scratch) -> Verdict:
        """Raises Kept where anything is wrong with what was made, and as `verify` does."""
        bars = Bars(least_vmaf=self.job.workflow.verify.least_vmaf)
        share = Share(MADE, VERIFIED, None, "verify")
        words = (
            opened.descriptor,
            scratch.descriptor,
            looked.inventory,
            order,
            self.protection,
            bars,
            self.tell,
            share,
        )
        verdict = await verify(*words)
        if verdict.damaged_before:
            raise Kept("damaged", "the file itself has pictures or sound that can't be decoded")
        if not verdict.ok:
            failed = "; ".join(f"{one.name}: {one.detail}" for one in verdict.failed)
            raise Kept("vmaf" if [one.name for one in verdict.failed] == ["vmaf"] else "harmed", failed)
        return verdict

    async def replace(self, opened: Opened, order: Order, scratch: Scratch) -> Taken:
        """Raises Kept and NotNow; then all is as it was."""
        now = datetime.now(UTC)
        until = now + timedelta(seconds=casts.seconds(self.job.workflow.replace.keep))
        name = new_name(os.path.basename(os.fsdecode(self.job.path)), order.extension)
        return must_be_done(await in_thread(self.keeping.replace, opened, scratch, Wish(now, until, name)))


async def in_thread(call: Callable[..., Found], *words: Any) -> Found:
    """What a call gives that blocks. Who is told to end meanwhile does once it has: it is at files of this one."""
    doing = asyncio.ensure_future(asyncio.to_thread(call, *words))
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        await asyncio.wait([doing])
        raise


def must_be_done(told: Found | NotDone | NoRoom) -> Found:
    """Raises NoRoomNow, NotNow, and Kept for a hindrance that stays."""
    if isinstance(told, NoRoom):
        raise NoRoomNow(told)
    if not isinstance(told, NotDone):
        return told
    raise NotNow(told.reason) if told.why in AGAIN else Kept(told.why.value, told.reason)


def must_be_wanted(told: Found | Skip) -> Found:
    """Raises Kept, and NotNow where a plug-in hangs."""
    if not isinstance(told, Skip):
        return told
    raise NotNow(told.reason) if told.why is Why.STUCK else Kept(told.why, told.reason)


def new_name(name: str, extension: str) -> str | None:
    """What a file is called once it has this extension; None where that is its name already, as far as players care."""
    stem, _, old = name.rpartition(".")
    same = {"mp4": {"mp4", "m4v", "mov"}}.get(extension, {extension})
    return None if old.lower() in same else f"{stem}.{extension}"


class Meter:
    """CPU time of the programs that are run for one file: by the task that makes this, and all that it begins."""

    def __init__(self) -> None:
        self._spent, self._before = counted(), 0.0

    def lap(self) -> float:
        """Seconds since it was asked last."""
        before, self._before = self._before, self._spent.seconds
        return self._before - before
