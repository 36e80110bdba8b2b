"""The job that does one order: claim, fetch the smallest source that will do, make, store, finish."""

import asyncio
import dataclasses
import hashlib
from collections.abc import AsyncIterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from structlog.contextvars import bound_contextvars

from appliance.bundles import jobs as bundles
from appliance.config import Settings
from appliance.errors import Unavailable
from appliance.ledger.failures import MISSING, VERSION_DAMAGED
from appliance.logs import log
from appliance.metrics import count
from appliance.renders import orders
from appliance.renders.orders import Claim, Made, Orders
from appliance.renders.source import AS_PDF, sufficient
from processors import renditions
from processors.processor import Processor
from processors.recipes import PHOTO, Recipe
from processors.refusals import Refused
from processors.renditions import Rendition
from processors.results import Version
from processors.sandbox.errors import SandboxTimeout
from processors.sandbox.sandbox import Sandbox
from storage import layout
from storage.objects import NOTICED_SECONDS, ObjectMissing, Objects, StorageError

TOO_SLOW = ("too_slow", "This took too long to be made.")
PUT_OFF_MOST = 60  # seconds
LEASE_SECONDS = 60.0


class Renderer:
    """Does orders, one claim at a time; any number of calls at once share the one sandbox."""

    def __init__(
        self, ledger: Orders, objects: Objects, sandbox: Sandbox, builder: bundles.Builder, settings: Settings
    ) -> None:
        self._builder = builder
        self._orders = ledger
        self._objects = objects
        self._sandbox = sandbox
        self._settings = settings
        self._threads = ThreadPoolExecutor(2 * settings.now.jobs_in_flight, "renders")

    async def render(self, asset: UUID, name: str) -> None:
        """Does the work on one order, if there is some."""
        if name != bundles.NAME:
            await self._render(asset, name)
            return
        with self._builder.turn() as mine:
            if mine:  # else the sweep queues it again
                await self._render(asset, name)

    async def _render(self, asset: UUID, name: str) -> None:
        claim = await self._orders.claim(asset, name, LEASE_SECONDS)
        if claim is None:
            return
        with bound_contextvars(asset=str(asset), order=name):
            outcome = await self._attempt(claim)
            log.info("order ended", outcome=outcome, attempt=claim.attempts)
        count("orders", outcome=outcome)

    async def _attempt(self, claim: Claim) -> str:
        """What came of it, in a word: `done`, the code it failed with, or why it did not come to an end."""
        try:
            async with self._leased(claim):
                return await self._run(claim)
        except Refused as refused:
            return await self._fail(claim, refused.code, refused.message)
        except (SandboxTimeout, TimeoutError):
            return await self._fail(claim, *TOO_SLOW)
        except ObjectMissing as error:
            return await self._missing(claim, error)
        except (StorageError, Unavailable) as error:
            return await self._put_off(claim, error)
        except asyncio.CancelledError:
            await asyncio.shield(self._orders.give_back(claim, 0))
            raise
        except Exception as error:
            log.error("attempt failed", exc_info=error)
            await self._orders.give_back(claim, 0, used=True)
            return "no_answer"

    async def _missing(self, claim: Claim, error: ObjectMissing) -> str:
        """What a whole storage does not have can't be made anything of; one that is degraded says so of what it has."""
        await asyncio.sleep(NOTICED_SECONDS)  # for so long it may not know that it is degraded
        if await self._in_thread(self._objects.whole):
            return await self._fail(claim, MISSING.code, MISSING.message)
        return await self._put_off(claim, error)

    async def _put_off(self, claim: Claim, error: Exception) -> str:
        log.warning("put off", error=str(error))
        await self._orders.give_back(claim, min(PUT_OFF_MOST, 2 ** min(claim.attempts, 16)))
        return "put_off"

    async def _fail(self, claim: Claim, code: str, message: str) -> str:
        await self._orders.fail(claim, code, message)
        return code

    async def _run(self, claim: Claim) -> str:
        if rendition := renditions.named(claim.name):
            recipe, made = rendition.recipe.hash, await self._stored(claim, await self._rendered(claim, rendition))
        elif page := renditions.page_named(claim.name):
            recipe, made = PHOTO.hash, await self._stored(claim, await self._page(claim, page))
        elif claim.name == bundles.NAME:
            recipe, made = bundles.NAME, [await self._builder.build(claim)]
        else:
            return await self._fail(claim, "unknown", "Nobody here knows how to make this.")
        return "done" if await self._orders.finish(claim, made, recipe) else "lease_lost"

    @asynccontextmanager
    async def _leased(self, claim: Claim) -> AsyncIterator[None]:
        """Renews the lease while the block runs. Raises TimeoutError after as long as it may, or when that is lost."""
        bundle = claim.name == bundles.NAME
        async with asyncio.timeout(
            self._settings.now.bundle_seconds if bundle else self._settings.now.job_seconds
        ) as limit:
            renewing = asyncio.create_task(self._renew(claim, limit))
            try:
                yield
            finally:
                renewing.cancel()

    async def _renew(self, claim: Claim, limit: asyncio.Timeout) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            try:
                if not await self._orders.renew(claim, LEASE_SECONDS):
                    limit.reschedule(asyncio.get_running_loop().time())
                    return
            except Unavailable as error:
                log.warning("lease not renewed", error=str(error))

    async def _stored(self, claim: Claim, versions: Sequence[Version]) -> list[Made]:
        await asyncio.gather(*(self._put(claim, version) for version in versions))
        return [_row(version) for version in versions]

    async def _rendered(self, claim: Claim, rendition: Rendition) -> list[Version]:
        original = claim.facts["width"], claim.facts["height"]
        version = sufficient(await orders.made(claim.asset, None), original, rendition.spec)
        source = await (self._original(claim) if version is None else self._version(claim, version))
        return await self._developed(source, rendition.recipe, Processor.IMAGE)

    async def _page(self, claim: Claim, page: int) -> list[Version]:
        """Of the PDF that was made of a document, else of the original, which is one."""
        made = [one for one in await orders.made(claim.asset, None) if one["name"] == AS_PDF]
        source = await (self._version(claim, made[0]) if made else self._original(claim))
        versions = await self._developed(source, PHOTO, Processor.PDF, page)
        return [dataclasses.replace(version, name=f"{claim.name}_{version.name}") for version in versions]

    async def _developed(
        self, source: bytes, recipe: Recipe, processor: Processor, page: int | None = None
    ) -> list[Version]:
        seconds = self._settings.now.develop_seconds
        return (await self._sandbox.develop(source, seconds, recipe, processor, page)).versions

    async def _original(self, claim: Claim) -> bytes:
        source: bytes = await self._in_thread(self._objects.get, claim.bucket, claim.key, claim.version_id, claim.etag)
        return source

    async def _version(self, claim: Claim, version: Made) -> bytes:
        """The bytes of a version that was made before. Raises Refused where they are not those any more."""
        key = self._key(claim, version["name"], version["sha256"], version["extension"])
        source: bytes = await self._in_thread(self._objects.get, layout.VERSIONS, key)
        if hashlib.sha256(source).hexdigest() != version["sha256"]:
            raise Refused(VERSION_DAMAGED.code, VERSION_DAMAGED.message)
        return source

    async def _put(self, claim: Claim, version: Version) -> None:
        key = self._key(claim, version.name, version.sha256, version.extension)
        put = (layout.VERSIONS, key, version.data, version.content_type, True, version.sha256)
        await self._in_thread(self._objects.put, *put)

    def _key(self, claim: Claim, name: str, sha256: str, extension: str) -> str:
        return layout.version_key(claim.root, claim.owner, claim.folder, claim.asset, name, sha256, extension)

    async def _in_thread(self, call: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)


async def job(context: dict[str, Any], order: str) -> None:
    """One order as the queue has it: "asset/name"."""
    renderer: Renderer = context["renderer"]
    asset, _, name = order.partition("/")
    await renderer.render(UUID(asset), name)


def _row(version: Version) -> Made:
    names = ("name", "width", "height", "content_type", "extension", "sha256")
    return {**{name: getattr(version, name) for name in names}, "bytes": len(version.data)}
