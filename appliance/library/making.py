"""The steps of the work on one file: look, order, make, verify, replace. Each has what it needs from the one before."""

import asyncio
import os
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from appliance.errors import Unavailable
from appliance.library.deciding import ordered_by
from appliance.library.jobs import Job, Now
from appliance.library.originals import identity, places
from appliance.library.originals.beginning import Order as Replacing
from appliance.library.originals.hindrances import Hindrance, NoRoom, NotDone
from appliance.library.originals.identity import Original
from appliance.library.originals.records import Record
from appliance.library.originals.replacing import Replaced, replace
from appliance.library.originals.scratch import Scratch, reserve
from appliance.library.outcomes import Found, Looked, Skip
from appliance.library.probing import FLAGS, looked_into
from appliance.settings import casts
from processors.sandbox.layers import Protection
from processors.sandbox.spent import spent
from processors.video.keeping.order import Order
from processors.video.keeping.remaking import Remaking, remake
from processors.video.keeping.verdict import Bars, Verdict
from processors.video.keeping.verifying import verify
from processors.video.progress import Share, Tell

MADE, VERIFIED = 0.75, 1.0  # of all the work, by when each step is over
AGAIN = frozenset({Hindrance.IN_USE, Hindrance.BUSY})


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
    """The file system is too full to work on it."""

    code = "no_room"


@dataclass
class Making:
    """One file under way. tell: hears how far it is."""

    job: Job
    protection: Protection
    tell: Tell
    stack: ExitStack

    async def look(self) -> tuple[int, Original, Looked]:
        """The file, open, as it was decided about. Raises Kept where it is another one by now."""
        descriptor = await asyncio.to_thread(self._open)
        found = found_by(self.job.whole, os.fstat(descriptor))
        if found.version != self.job.version:
            raise Kept("changed", "it has changed since it was looked at: the next look decides anew")
        original = await asyncio.to_thread(identity.read, self.job.whole, descriptor)
        if isinstance(original, NotDone):
            raise _hindered(original)
        looked = await looked_into(descriptor, self.protection)
        return descriptor, original, looked._replace(found=found)

    def order(self, looked: Looked) -> Order:
        """Raises Kept."""
        order = ordered_by(looked, self.job.workflow)
        if isinstance(order, Skip):
            raise Kept(order.why, order.reason)
        return order

    async def room(self, size: int) -> Scratch:
        """For a result that has no more than `size` bytes. Raises NoRoomNow, NotNow and Kept."""
        place = places.place_of(self.job.folder, self.job.whole)
        if isinstance(place, NotDone):
            raise _hindered(place)
        least_free = casts.size(self.job.workflow.limits.least_free)
        scratch = await asyncio.to_thread(reserve, place, self.job.claim.id, size, least_free)
        if isinstance(scratch, NoRoom):
            raise NoRoomNow(scratch.reason)
        if isinstance(scratch, NotDone):
            raise _hindered(scratch)
        return self.stack.enter_context(scratch)

    async def make(self, source: int, looked: Looked, order: Order, scratch: Scratch) -> int:
        """Bytes of what was made. Raises Kept where it does not save what it has to, and as `remake` does."""
        run = Remaking(order, looked.inventory, self.protection, self.tell, Share(0.0, MADE, None, "transcode"))
        size = await remake(source, scratch.descriptor, run, Path(scratch.place.top) / places.HIDDEN / places.WORK)
        least = self.job.workflow.verify.least_saving
        if size > looked.facts.size * (1 - least / 100):
            raise Kept(
                "larger", f"it would have {size:,} bytes, {looked.facts.size:,} before: {least:g} % less is asked"
            )
        return size

    async def verify(self, source: int, looked: Looked, order: Order, scratch: Scratch) -> Verdict:
        """Raises Kept where anything is wrong with what was made, and as `verify` does."""
        bars = Bars(least_vmaf=self.job.workflow.verify.least_vmaf)
        share = Share(MADE, VERIFIED, None, "verify")
        words = (source, scratch.descriptor, looked.inventory, order, self.protection, bars, self.tell, share)
        verdict = await verify(*words)
        if verdict.damaged_before:
            raise Kept("damaged", "the file itself has pictures or sound that can't be decoded")
        if not verdict.ok:
            failed = "; ".join(f"{one.name}: {one.detail}" for one in verdict.failed)
            raise Kept("vmaf" if [one.name for one in verdict.failed] == ["vmaf"] else "harmed", failed)
        return verdict

    async def replace(self, original: Original, order: Order, scratch: Scratch) -> Replaced:
        """Raises Kept and NotNow; then all is as it was."""
        now = datetime.now(UTC)
        until = now + timedelta(seconds=casts.seconds(self.job.workflow.replace.keep))
        name = new_name(os.path.basename(self.job.whole), order.extension)
        done = await asyncio.to_thread(replace, scratch, Replacing(original, now, until, name))
        if isinstance(done, NotDone):
            raise _hindered(done)
        return done

    def _open(self) -> int:
        try:
            descriptor = os.open(self.job.whole, FLAGS)
        except OSError as error:
            raise Kept("gone", error.strerror or type(error).__name__) from None
        self.stack.callback(os.close, descriptor)
        return descriptor


def new_name(name: str, extension: str) -> str | None:
    """What a file is called once it has this extension; None where that is its name already, as far as players care."""
    stem, _, old = name.rpartition(".")
    same = {"mp4": {"mp4", "m4v", "mov"}}.get(extension, {extension})
    return None if old.lower() in same else f"{stem}.{extension}"


def found_by(path: str, facts: os.stat_result) -> Found:
    """A file by what its file system says of it."""
    return Found(path, facts.st_size, facts.st_mtime_ns, facts.st_nlink, facts.st_ino)


def now_there(job: Job, record: Record) -> Now:
    """What has taken a file's place. Raises OSError."""
    path = os.path.join(os.path.dirname(job.path), record.name)
    found = found_by(record.new, os.lstat(os.path.join(os.fsencode(job.folder), path)))
    return Now(path, found.size, found.version)


class Meter:
    """CPU time of the programs that this process runs."""

    def __init__(self) -> None:
        self._before = spent()

    def lap(self) -> float:
        """Seconds since it was asked last."""
        before, self._before = self._before, spent()
        return self._before - before


def _hindered(what: NotDone) -> Exception:
    if what.why in AGAIN:
        return NotNow(what.reason)
    return Kept(what.why.value, what.reason)
