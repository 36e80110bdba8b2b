"""One attempt at a file: claimed, its lease kept while the work is done, and every way that it can end."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from typing import Any, NamedTuple
from uuid import UUID

from structlog.contextvars import bound_contextvars

from appliance.bundles.jobs import NAME as BUNDLE
from appliance.config import Settings
from appliance.errors import NotFound, Unavailable
from appliance.files import service
from appliance.ledger.failures import CHECKSUM_MISMATCH, DAMAGED, MISSING, SIZE_MISMATCH
from appliance.ledger.service import Claim, Failure, Ledger
from appliance.live.progress import REPEAT_SECONDS
from appliance.logs import log
from appliance.metrics import count, up_to
from appliance.renders import orders
from appliance.sharedlock import SharedLock
from processors.sandbox.errors import SandboxError
from storage.objects import NOTICED_SECONDS, ObjectMissing, ObjectReplaced, Objects, StorageError, StorageUnavailable

UNREADABLE = Failure("object_unreadable", "Storage holds the uploaded file, but can't read it any more.", "operator")
PUT_OFF_MOST = 60  # seconds: so that a night without storage leaves some hundred attempts behind, not thousands
UNREADABLE_SECONDS = 3600  # for so long a whole storage may fail to read one file, before that file ends as an error
UNREADABLE_PAUSE = 600  # seconds between two such attempts at most
AGAIN_SECONDS = 0.3  # the pause before a ledger that was away is told again


LAST = 10  # attempts that a worker tells of once they have ended


class Ended(NamedTuple):
    """How an attempt ended: `done`, an error's code, or why it came to no end. at: seconds since 1970."""

    asset: str
    outcome: str
    at: float
    milliseconds: int


class LeaseLost(Exception):
    """Somebody else has the job now, or the asset was deleted."""


class Unreadable(Exception):
    """Storage gave no answer, or a refusal, where the original was asked for."""


class Elsewhere(Exception):
    """By its content the file is for another lane."""

    def __init__(self, lane: str) -> None:
        super().__init__(lane)
        self.lane = lane


class Unfit(Exception):
    """The original can't be developed, and why. `sha256` is that of its bytes, None where they are not what came."""

    def __init__(self, failure: Failure, sha256: str | None) -> None:
        super().__init__(failure.code)
        self.failure = failure
        self.sha256 = sha256


class Attempts:
    """Attempts at the files of one lane; what is done in them says who is derived from this."""

    def __init__(self, ledger: Ledger, objects: Objects, settings: Settings, lane: str) -> None:
        self._ledger = ledger
        self._objects = objects
        self._settings = settings
        self._lane = lane
        self.under_way = 0
        self.last: deque[Ended] = deque(maxlen=LAST)
        """The newest of its attempts that ended, the newest first."""
        self._lock = SharedLock()
        self._threads = ThreadPoolExecutor(4 * settings.now.jobs_in_flight, "storage")

    @property
    def _seconds(self) -> float:
        """The longest that one may take, whatever it renews."""
        raise NotImplementedError

    def _bounded(self) -> AbstractAsyncContextManager[Any]:
        """Ends what runs inside with TimeoutError once it has taken `_seconds`."""
        return asyncio.timeout(self._seconds)

    async def develop(self, asset: UUID, again: bool = False) -> None:
        """Does the work on one asset, if there is some. Every way it can end is a move of the ledger.

        again: somebody may have begun with it before. Where that came to no end, this asset may be what ended its
        worker, and all that was under way beside it: so it gets this process to itself.
        """
        suspect = again and await self._ledger.came_to_no_end(asset)
        async with self._lock.alone() if suspect else self._lock.shared():
            await self._develop(asset)

    async def _develop(self, asset: UUID) -> None:
        claim = await self._ledger.claim(asset, self._settings.now.lease_seconds)
        if claim is None:
            return
        self.under_way, began = self.under_way + 1, time.monotonic()
        try:
            # Whatever is logged about this attempt, here or further down, names its asset.
            with bound_contextvars(asset=str(asset), attempt=claim.attempts):
                if claim.attempts == 1:
                    count("waits", lane=self._lane, up_to=up_to(claim.waited))
                    count("wait_seconds", claim.waited, lane=self._lane)
                outcome = await self._attempt(claim)
                seconds = time.monotonic() - began
                log.info("attempt ended", outcome=outcome, milliseconds=round(1000 * seconds))
        finally:
            self.under_way -= 1
        if outcome == "done" and claim.recipe != service.DRAFT:
            await self._bundled(claim.id)
        count("attempts", lane=self._lane, outcome=outcome)
        count("attempt_seconds", seconds, lane=self._lane, outcome=outcome)
        if outcome == "done":
            count("works", lane=self._lane, up_to=up_to(seconds))
        self.last.appendleft(Ended(str(claim.id), outcome, time.time(), round(1000 * seconds)))

    async def _bundled(self, asset: UUID) -> None:
        """Orders the bundle of a file whose kind has one by setting. What goes wrong here is made good by who asks."""
        if kinds := self._settings.now.bundle_kinds:
            with suppress(NotFound, Unavailable):
                if (await service.file(asset)).kind in kinds:
                    await orders.place(asset, BUNDLE, None, None)

    async def _attempt(self, claim: Claim) -> str:
        """What came of it, in a word: `done`, the code it failed with, or why it did not come to an end."""
        try:
            async with self._leased(claim), self._bounded():
                if claim.announced_size not in (None, claim.size):
                    raise Unfit(SIZE_MISMATCH, None)
                await self._run(claim)
        except Unfit as unfit:
            await self._ledger.fail(claim, unfit.failure, unfit.sha256)
            return unfit.failure.code
        except ObjectMissing:
            return await self._missing(claim)
        except Unreadable as error:
            return await self._unreadable(claim, error)
        except (StorageUnavailable, Unavailable) as error:
            log.warning("put off", error=str(error))
            return await self._give_back(claim, _pause(claim, PUT_OFF_MOST))
        except StorageError as error:
            # A key that is not known, say: nothing that the file could do about, and nothing that passes in a moment.
            log.error("storage refused", error=str(error))
            return await self._give_back(claim, 30)
        except LeaseLost:
            return "lease_lost"
        except Elsewhere as elsewhere:
            await self._ledger.reroute(claim, elsewhere.lane)
            return "rerouted"
        except asyncio.CancelledError:
            await asyncio.shield(self._ledger.give_back(claim, 0))
            raise
        except Exception as error:
            # The sandbox died, the job took too long, or a fault of ours. It may be this file that does it: the try
            # counts, and the next one begins at once.
            if isinstance(error, SandboxError):
                count("sandbox_ends", why="death")
            log.error("attempt failed", exc_info=error)
            await self._ledger.renew(claim, 0)
            return "no_answer"
        return "done"

    async def _run(self, claim: Claim) -> None:
        """Does the work, to its end in the ledger. Raises what is above for the other ends that it can come to."""
        raise NotImplementedError

    async def _missing(self, claim: Claim) -> str:
        if await self._surely_gone(claim):
            await self._ledger.fail(claim, MISSING)
            return MISSING.code
        return await self._give_back(claim, 10)

    async def _unreadable(self, claim: Claim, error: Unreadable) -> str:
        """Put off while storage is not whole. While it is, more of this one file is lost than its parity can mend: that
        is believed once nothing else was said for an hour, so that no moment of bad luck ends a good file.
        """
        log.warning("original not read", error=str(error))
        if not await self._in_thread(self._objects.whole):
            return await self._give_back(claim, _pause(claim, PUT_OFF_MOST))
        if await self._ledger.unreadable_seconds(claim) >= UNREADABLE_SECONDS:
            await self._ledger.fail(claim, UNREADABLE)
            return UNREADABLE.code
        return await self._give_back(claim, _pause(claim, UNREADABLE_PAUSE), "unreadable")

    async def _give_back(self, claim: Claim, seconds: float, why: str = "put_off") -> str:
        """Gives the lease back, however often that must be said: one that runs out uses up a try, and that Postgres was
        away is not the file's fault.
        """
        while True:
            try:
                await self._ledger.give_back(claim, seconds, why)
                return why
            except Unavailable as error:
                log.warning("lease not given back", error=str(error))
                await asyncio.sleep(AGAIN_SECONDS)

    async def _surely_gone(self, claim: Claim) -> bool:
        """A degraded storage says 404 for objects that exist, and for a second it does not know that it is degraded: so
        its word counts only if it is whole, and says so again a little later.
        """
        await asyncio.sleep(NOTICED_SECONDS)
        try:
            stat = await self._in_thread(self._objects.head, claim.bucket, claim.key, claim.version_id)
        except StorageError:
            return False
        return stat is None and bool(await self._in_thread(self._objects.whole))

    @asynccontextmanager
    async def _leased(self, claim: Claim) -> AsyncIterator[None]:
        """Renews the lease while the block runs, and ends that with LeaseLost once nobody wants it any more."""
        working, lost = asyncio.current_task(), False
        assert working is not None

        async def keep() -> None:
            nonlocal lost
            await self._renew(claim)
            lost = True
            working.cancel()

        renewing = asyncio.create_task(keep())
        try:
            yield
        except asyncio.CancelledError:
            if not lost or working.uncancel():
                raise
            raise LeaseLost from None
        finally:
            renewing.cancel()

    async def _renew(self, claim: Claim) -> None:
        """Until the lease is lost."""
        seconds = self._settings.now.lease_seconds
        while True:
            await asyncio.sleep(min(seconds / 3, REPEAT_SECONDS))
            try:
                if not await self._ledger.renew(claim, seconds):
                    return
                self._renewed(claim)
            except Unavailable as error:
                log.warning("lease not renewed", asset=str(claim.id), error=str(error))

    def _renewed(self, claim: Claim) -> None:
        """Called whenever it is certain that this worker still has the job."""

    async def _in_thread(self, call: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)


def _pause(claim: Claim, most: int) -> int:
    """Seconds until the next attempt: the more there were, the longer."""
    return min(most, 2 ** min(claim.attempts, 16))


@contextmanager
def reading() -> Iterator[None]:
    """For the block that fetches an original. Raises ObjectMissing, Unreadable where storage gives nothing, and Unfit
    for bytes that are not those that came.
    """
    try:
        yield
    except ObjectMissing:
        raise
    except ObjectReplaced:
        raise Unfit(DAMAGED, None) from None
    except StorageError as error:
        raise Unreadable(str(error)) from error


def must_not_be_larger(claim: Claim, most: int) -> None:
    """Raises Unfit for more than `most` bytes: what came under a name of another kind may be."""
    if claim.size > most:
        raise Unfit(Failure("too_large", f"Files of this kind are taken up to {most:,} bytes."), None)


def must_be_what_came(claim: Claim, sha256: str) -> None:
    """Raises Unfit for bytes of this SHA-256 where others were read before, or announced by the client."""
    if claim.sha256 not in (None, sha256):
        raise Unfit(DAMAGED, None)
    if claim.announced_sha256 not in (None, sha256):
        raise Unfit(CHECKSUM_MISMATCH, sha256)
