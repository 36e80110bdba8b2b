"""The job that develops one file in memory: claim, fetch, develop, store, finish."""

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from appliance.config import Settings
from appliance.files.attempts import (
    Attempts,
    Elsewhere,
    LeaseLost,
    Unfit,
    must_be_what_came,
    must_not_be_larger,
    reading,
)
from appliance.files.facts import told
from appliance.files.service import PHOTO
from appliance.ledger.service import Claim, Failure, Ledger
from appliance.metrics import count
from processors import profiles, recipes
from processors.processor import Processor
from processors.refusals import Code, OtherReader, Refused
from processors.results import Developed, Version
from processors.sandbox.errors import SandboxTimeout
from processors.sandbox.sandbox import Sandbox
from storage import layout
from storage.objects import Objects

TOO_SLOW = Failure("too_slow", "This file took too long to be processed.")


class Developer(Attempts):
    """Develops files of one lane, one claim at a time; any number of calls at once share the one sandbox."""

    def __init__(
        self,
        ledger: Ledger,
        objects: Objects,
        sandbox: Sandbox,
        settings: Settings,
        lane: str,
        urgent: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        """urgent: what the work is done in, so that others step back."""
        super().__init__(ledger, objects, settings, lane)
        self._sandbox, self._urgent = sandbox, urgent
        self._most = max(one.most_bytes for one in profiles.PROFILES.values() if one.lane == lane)

    @property
    def _seconds(self) -> float:
        return self._settings.now.job_seconds

    async def _run(self, claim: Claim) -> None:
        with self._urgent():
            await self._made(claim)

    async def _made(self, claim: Claim) -> None:
        must_not_be_larger(claim, self._most)  # it is read into memory
        source = await self._fetch(claim)
        # Not by the sandbox: whoever has taken it over must not say what the original was.
        sha256, developed = await asyncio.gather(self._in_thread(_sha256, source), self._decoded(claim, source))
        must_be_what_came(claim, sha256)
        if isinstance(developed, Failure):
            raise Unfit(developed, sha256)
        early = self._early(claim, developed)
        if early is not None:
            await self._put(self._key(claim, early), early)
            if not await self._ledger.preview(claim, sha256, [_row(early)], recipes.PHOTO.hash):
                raise LeaseLost
        rest = [(self._key(claim, version), version) for version in developed.versions if version is not early]
        await asyncio.gather(*(self._put(key, version) for key, version in rest))
        versions = [_row(version) for version in developed.versions]
        done = await self._ledger.finish(claim, sha256, told(developed.source), versions, recipes.PHOTO.hash)
        if not done:
            raise LeaseLost

    def _early(self, claim: Claim, developed: Developed) -> Version | None:
        """What is shown before the rest is stored: the smallest picture. Of photos, which come by the hundred thousand
        and are done in a tenth of a second, nothing: it would be another event of each.
        """
        if claim.recipe == PHOTO:
            return None
        return min((version for version in developed.versions if version.width), key=lambda version: version.width)

    async def _decoded(self, claim: Claim, source: bytes) -> Developed | Failure:
        processor = Processor.IMAGE if claim.recipe == PHOTO else None  # None: whom its content asks for
        try:
            return await self._sandbox.develop(source, self._settings.now.develop_seconds, processor=processor)
        except Refused as refused:
            if refused.code == Code.TOO_MUCH_MEMORY:
                count("sandbox_ends", why="memory")
            return Failure(refused.code, refused.message)
        except OtherReader as other:
            raise Elsewhere(profiles.profile_of(other.content_type).lane) from None
        except SandboxTimeout:
            count("sandbox_ends", why="time")
            return TOO_SLOW

    async def _fetch(self, claim: Claim) -> bytes:
        pinned = (claim.bucket, claim.key, claim.version_id, claim.etag)
        with reading():
            source: bytes = await self._in_thread(self._objects.get, *pinned)
        return source

    def _key(self, claim: Claim, version: Any) -> str:
        return layout.version_key(
            claim.root, claim.owner, claim.folder, claim.id, version.name, version.sha256, version.extension
        )

    async def _put(self, key: str, version: Any) -> None:
        await self._in_thread(
            self._objects.put, layout.VERSIONS, key, version.data, version.content_type, True, version.sha256
        )


def _sha256(source: bytes) -> str:
    return hashlib.sha256(source).hexdigest()


def _row(version: Any) -> dict[str, Any]:
    names = ("name", "width", "height", "content_type", "extension", "sha256")
    return {**{name: getattr(version, name) for name in names}, "bytes": len(version.data)}
