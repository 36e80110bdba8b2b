"""The job that works on one large file, on disk: fetch, look what it is, make what its profile says, store, finish."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO

from appliance.config import Settings
from appliance.files import documents
from appliance.files.attempts import Attempts, Elsewhere, Unfit, must_be_what_came, must_not_be_larger, reading
from appliance.files.jobs import TOO_SLOW
from appliance.files.scratch import Scratch
from appliance.files.service import DRAFT
from appliance.files.videos import FETCHED, Videos, results
from appliance.files.work import Work
from appliance.ledger.service import Claim, Failure, Ledger
from appliance.live.progress import Progress, Teller
from appliance.metrics import count
from processors.processor import Processor
from processors.profiles import VIDEO, Profile, profile_of
from processors.refusals import Code, Refused
from processors.sandbox.errors import SandboxTimeout
from processors.sandbox.sandbox import Sandbox
from processors.sniff import SNIFFED_BYTES
from processors.video.choose import hours
from storage.objects import Objects


class Media(Attempts):
    """Works on files of the lane `media`, one after the other."""

    def __init__(
        self,
        ledger: Ledger,
        objects: Objects,
        sandbox: Sandbox,
        settings: Settings,
        lane: str,
        teller: Teller,
        path: Path,
    ) -> None:
        """path: of the scratch folder."""
        super().__init__(ledger, objects, settings, lane)
        self._sandbox = sandbox
        self._teller = teller
        self._scratch = Scratch(path)

    @property
    def _seconds(self) -> float:
        """For fetching it, which may be storage's fault, as long as for the work, which ends by itself."""
        return 2 * self._settings.now.media_seconds

    def _renewed(self, claim: Claim) -> None:
        self._teller.still(claim.id)

    async def _run(self, claim: Claim) -> None:
        with self._teller.working(claim.home, claim.id, Progress("fetch", 0.0)):
            await self._worked(claim)

    async def _worked(self, claim: Claim) -> None:
        room = self._scratch.folder(claim.size, results(self._settings.now))
        with room as folder, (folder / "original").open("w+b") as source:
            sha256 = await self._fetch(claim, source)
            work = Work(claim, sha256, folder, self._ledger, self._objects, self._teller, self._in_thread)
            before = await work.made_before()
            async with self._judged(work):
                content_type = await self._content_type(source)
                profile = profile_of(content_type)
                must_not_be_larger(claim, profile.most_bytes)
                if claim.recipe == DRAFT and profile != VIDEO:
                    raise Refused(Code.UNSUPPORTED_KIND, f"This is of the kind {profile.name}; a video is wanted.")
                if profile.lane != self._lane:
                    raise Elsewhere(profile.lane)
                work.tell("probe", FETCHED)
                facts, recipe = await self._made(work, profile, source)
        await work.finish({"kind": profile.name, "content_type": content_type} | facts, recipe)
        await work.clear(before)

    @asynccontextmanager
    async def _judged(self, work: Work) -> AsyncIterator[None]:
        """Raises Unfit for what the file is guilty of in the block: that takes more than the time a file has, too."""
        seconds = self._settings.now.media_seconds
        try:
            async with asyncio.timeout(seconds) as limit:
                yield
        except Refused as refused:
            if refused.code == Code.TOO_MUCH_MEMORY:
                count("sandbox_ends", why="memory")
            raise Unfit(Failure(refused.code, refused.message), work.sha256) from None
        except SandboxTimeout:
            count("sandbox_ends", why="time")
            raise Unfit(TOO_SLOW, work.sha256) from None
        except TimeoutError:
            if not limit.expired():
                raise
            raise Unfit(_too_slow(seconds), work.sha256) from None

    async def _made(self, work: Work, profile: Profile, source: BinaryIO) -> tuple[dict[str, Any], str]:
        """What is known of the original once all is made, and the hash of what it was made by."""
        match profile.processor:
            case Processor.VIDEO:
                draft = work.claim.recipe == DRAFT
                return await Videos(self._sandbox, self._settings.now, draft).make(work, source)
            case Processor.OFFICE:
                return await documents.make(work, source, self._sandbox, self._settings.now)
        raise NotImplementedError(f"nobody in the lane {self._lane} makes {profile.name}")

    async def _content_type(self, source: BinaryIO) -> str:
        """What it is, whatever its name says. Raises Refused."""
        source.seek(0)
        return await self._sandbox.sniff(source.read(SNIFFED_BYTES))

    async def _fetch(self, claim: Claim, into: BinaryIO) -> str:
        """Its SHA-256. Raises as `reading` does, and Unfit for bytes that are not what came."""
        pinned = (claim.bucket, claim.key, into, claim.version_id, claim.etag)
        with reading():
            sha256: str = await self._in_thread(self._objects.fetch, *pinned)
        into.flush()
        must_be_what_came(claim, sha256)
        return sha256


def _too_slow(seconds: float) -> Failure:
    words = f"This file took longer than the {hours(seconds)} that one may take. Send a shorter one, or one in parts."
    return Failure(TOO_SLOW.code, words)
