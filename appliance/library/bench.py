"""The bench: where files of libraries are made anew when nobody else wants the machine."""

import errno
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, ExitStack, contextmanager
from typing import Any
from uuid import UUID

from appliance.config import Settings
from appliance.files.attempts import Attempts, Unfit
from appliance.ledger.service import Claim, Failure, Ledger
from appliance.library.jobs import Job, Jobs, Made, library_of
from appliance.library.keeping import Keeping, Now, Taken
from appliance.library.making import Kept, Making, Meter, NoRoomNow, NotNow, in_thread, must_be_done
from appliance.library.originals.hindrances import Hindrance
from appliance.library.patience import at_work
from appliance.library.plugins import cut
from appliance.library.shelf import Shelf
from appliance.live.progress import Progress, Teller
from processors.refusals import Code, Refused
from processors.sandbox.errors import SandboxTimeout
from processors.sandbox.layers import Protection
from processors.video.progress import Progress as Far
from processors.video.progress import Tell
from storage.objects import Objects

FORGOTTEN = Failure("library_forgotten", "No library knows this file any more.", "operator")


class Bench(Attempts):
    """The lane `backfill`."""

    def __init__(
        self, ledger: Ledger, objects: Objects, settings: Settings, teller: Teller, shelf: Shelf, protection: Protection
    ) -> None:
        super().__init__(ledger, objects, settings, "backfill")
        self._jobs = Jobs(ledger)
        self._teller, self._shelf, self._protection = teller, shelf, protection
        self._libraries = dict[UUID, int]()

    @property
    def _seconds(self) -> float:
        return self._settings.now.library_seconds

    def _bounded(self) -> AbstractAsyncContextManager[None]:
        return at_work(self._seconds)

    def limit(self, most: int) -> int:
        """How many files may be under way, of which `most` are at work: who stands still keeps no other from it."""
        return most and most + self._still()

    def _still(self) -> int:
        return sum(map(self._shelf.waits, self._libraries.values()))

    def _renewed(self, claim: Claim) -> None:
        self._teller.still(claim.id)

    async def develop(self, asset: UUID, again: bool = False) -> None:
        """As of any attempt; nothing is done at a time that is not the library's. The sweep asks again."""
        library = await library_of(asset)
        if library is None or await self._shelf.why_not(library) is None:
            # Who wants this process to itself would wait for what stands still, for hours, and all others behind it.
            await super().develop(asset, again and not self._still())

    async def _run(self, claim: Claim) -> None:
        job = await self._jobs.of(claim)
        if job is None:
            raise Unfit(FORGOTTEN, None)
        meter, known = Meter(), dict[str, Any](job.record.get("known", {}))
        with self._begun(job), self._teller.working(claim.home, claim.id, Progress("look", 0.0)), ExitStack() as stack:
            keeping = self._shelf.keepings.of(job.workflow)
            making = Making(job, keeping, self._protection, self._told(claim), stack)
            try:
                await self._worked(making, known, meter)
            except Kept as kept:
                await self._must_be_so(kept, keeping)
                await self._kept(job, kept, known, meter)
            except Refused as refused:
                why = "larger" if refused.code is Code.NO_SMALLER else refused.code
                await self._kept(job, Kept(why, refused.message), known, meter)
            except SandboxTimeout:
                await self._kept(job, Kept("too_slow", "it takes far longer than one of its length may"), known, meter)
            except NoRoomNow as full:
                if full.for_any:
                    self._shelf.hold(job.library, full.detail)
                raise
            except OSError as error:
                if error.errno not in (errno.ENOSPC, errno.EDQUOT):
                    raise
                self._shelf.hold(job.library, f"its disk became full: {error.strerror}")
                raise NotNow("the disk became full in the middle of the work") from error
            making.over()

    @contextmanager
    def _begun(self, job: Job) -> Iterator[None]:
        self._shelf.under_way.set(job.library)
        self._libraries[job.claim.id] = job.library
        try:
            yield
        finally:
            del self._libraries[job.claim.id]

    async def _must_be_so(self, kept: Kept, keeping: Keeping) -> None:
        """Raises NotNow where a file is gone by the word of a storage that lacks drives."""
        if kept.why == Hindrance.GONE and keeping.ours and not await self._in_thread(self._objects.whole):
            raise NotNow("storage lacks drives, and finds not all that it has")

    async def _worked(self, making: Making, known: dict[str, Any], meter: Meter) -> None:
        """All steps, as a list. known: is filled with what is found out, for the result."""
        job = making.job
        if await self._replaced_before(making, known):
            return
        opened, looked = await making.look()
        known |= {"before_codec": looked.facts.codec, "seconds": looked.facts.seconds, "before_sha256": opened.sha256}
        order = await making.order(looked, self._seconds)
        known |= {"after_codec": order.codec.value, "done": list(order.reasons)}
        scratch = await making.resumed(opened)
        if scratch is None:
            scratch = await making.room(looked.facts.size)
            made = await making.make(opened, looked, order, scratch)
            known["after_bytes"] = made.size
            await self._noted(job, "transcoded", known, meter, made)
            scratch.keep()
        verdict = await making.verify(opened, looked, order, scratch)
        known["vmaf"] = verdict.vmaf
        await self._noted(job, "verified", known, meter)
        await self._must_be_allowed(job)
        taken = await making.replace(opened, order, scratch)
        known["done"] += [f"its {fact} could not be kept" for fact in taken.lost]
        await self._finished(making, known, meter, taken)

    async def _must_be_allowed(self, job: Job) -> None:
        """Still: that was asked hours ago. Raises NotNow."""
        now = await self._jobs.of(job.claim)
        if now is None or not now.workflow.replace.allowed:
            raise NotNow("the workflow does not allow any more that files are replaced")

    async def _replaced_before(self, making: Making, known: dict[str, Any]) -> bool:
        """Whether it had been replaced already when a worker died that had not said so yet."""
        taken = await in_thread(making.keeping.settled, making.job.path, making.job.claim.id)
        if taken is None:
            return False
        taken = must_be_done(taken)
        known |= {"before_sha256": taken.original, "after_bytes": taken.now.size}
        await self._finished(making, known, Meter(), taken)
        return True

    async def _noted(self, job: Job, step: str, known: dict[str, Any], meter: Meter, made: Made | None = None) -> None:
        known["cpu_seconds"] = round(known.pop("cpu_seconds", 0.0) + meter.lap(), 2)
        told = {name: known.get(name) for name in ("after_bytes", "vmaf") if name in known}
        facts = {"known": known} | ({"made": made} if made else {})
        await self._jobs.note(job, step, facts, {"before_bytes": job.size} | told)

    async def _finished(self, making: Making, known: dict[str, Any], meter: Meter, taken: Taken) -> None:
        known |= {"after_sha256": taken.sha256, "kept_until": taken.until.isoformat()}
        known["raw_factor"] = await self._shelf.raw_factor(making.keeping)
        said = "; ".join((f"it was {known.get('before_codec')}", *known.pop("done", ())))
        await self._jobs.finish(making.job, _result(making.job, known, meter, "replaced", None, said), taken.now)

    async def _kept(self, job: Job, kept: Kept, known: dict[str, Any], meter: Meter) -> None:
        known.pop("done", None)
        # What is gone is news when it comes back.
        now = Now(job.path, job.size, "") if kept.why == Hindrance.GONE else None
        await self._jobs.finish(job, _result(job, known, meter, "kept", kept.why, kept.reason), now)

    def _told(self, claim: Claim) -> Tell:
        def tell(far: Far) -> None:
            self._teller.tell(claim.home, claim.id, Progress(far.step, round(far.percent, 1), far.left))

        return tell


def _result(
    job: Job, known: dict[str, Any], meter: Meter, outcome: str, why: str | None, reason: str
) -> dict[str, Any]:
    """As the ledger takes it."""
    spent = round(known.pop("cpu_seconds", 0.0) + meter.lap(), 2)
    return {
        **known,
        "outcome": outcome,
        "why": why,
        "reason": cut(reason),
        "before_bytes": job.size,
        "cpu_seconds": spent,
    }
