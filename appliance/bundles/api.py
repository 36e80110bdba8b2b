"""`/files/{id}/bundle`: a file with all that was made of it, as one zip."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import PurePath
from typing import Any
from uuid import UUID

from litestar import MediaType, Request, Router, get, post
from litestar.datastructures import ResponseHeader
from litestar.openapi.datastructures import ResponseSpec
from litestar.response import Redirect, Stream
from redis.asyncio import Redis

from appliance.accounts.callers import Caller
from appliance.bundles.archive import archive
from appliance.bundles.jobs import NAME, ZIP
from appliance.bundles.members import members
from appliance.chats import access
from appliance.config import Config
from appliance.errors import Unavailable
from appliance.files import service
from appliance.files.versions import Linker
from appliance.live.manners import holding, until_answered
from appliance.live.progress import last_told
from appliance.metrics import count
from appliance.public import linker
from appliance.renders import orders
from appliance.renders.errors import NotReady
from appliance.renders.service import Renders
from storage import disposition
from storage.inspection import Inspector
from storage.links import Links

AT_ONCE = 8  # bundles and exports that a process sends, each of which takes some 20 MB of memory


class TooManyBundles(Unavailable):
    code = "busy"
    title = "More bundles are being sent than can be; try again"
    retry_after = 5


class Bundles:
    """Reads zips from storage as they are sent, in threads of their own: one that waits holds up no other."""

    def __init__(self, config: Config) -> None:
        key = config.key("reader_key")
        self.objects = Inspector(config.endpoint(), key.access, key.secret)
        self._threads = ThreadPoolExecutor(AT_ONCE, "bundles")
        self._sending = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """One of the places for sending. Raises TooManyBundles."""
        if self._sending >= AT_ONCE:
            raise TooManyBundles
        self._sending += 1
        try:
            yield
        finally:
            self._sending -= 1

    async def sent(self, pieces: Iterator[bytes], what: str) -> AsyncIterator[bytes]:
        """A zip, read in a thread; counted as `what` once it is whole."""
        loop = asyncio.get_running_loop()
        while (piece := await loop.run_in_executor(self._threads, next, pieces, None)) is not None:
            if piece:
                yield piece
        count(what)


async def _seen(file_id: UUID, caller: Caller) -> service.File:
    """Raises NotFound, and NotReady for what is not done."""
    found = await access.seen(file_id, caller)
    if found.state != "done":
        raise NotReady
    return found


@get(
    "/files/{file_id:uuid}/bundle",
    tags=["files"],
    media_type=ZIP,
    middleware=[holding],
    response_headers=[ResponseHeader(name="Content-Disposition", documentation_only=True)],
    responses={302: ResponseSpec(None, generate_examples=False, description="Where it lies, if it was built before")},
    summary="A file with all that was made of it, as a zip",
)
async def fetch_bundle(
    file_id: UUID, request: Request, caller: Caller, bundles: Bundles, config: Config, links: Links
) -> Stream | Redirect:
    """The original under its own name, and its versions in a folder; what is compressed already is stored as it is.
    Where it was built before, the answer leads to it. Else it is read from storage as it is sent, so how long it will
    be is not known; one that ends early is no zip.
    """
    found = await _seen(file_id, caller)
    if built := await orders.made(file_id, NAME):
        url = linker(request, config, links).version(found.place, found.filename, built[0])["url"]
        return Redirect(url, status_code=302, media_type=MediaType.TEXT)
    await until_answered(request, bundles.place())
    name = disposition.attachment(f"{PurePath(found.filename).stem}.zip")
    headers = {"Content-Disposition": name, "Cache-Control": "private, no-store"}
    pieces = archive(members(bundles.objects, found), found.created_at)
    return Stream(bundles.sent(pieces, "bundles"), media_type=ZIP, headers=headers)


@post("/files/{file_id:uuid}/bundle", tags=["files"], status_code=202, summary="Have the bundle of a file built")
async def build_bundle(
    file_id: UUID, request: Request, caller: Caller, config: Config, links: Links, redis: Redis, renders: Renders
) -> dict[str, Any]:
    """It is kept with the file: its length is known, and a download can be resumed. Asking again changes nothing."""
    found = await _seen(file_id, caller)
    await renders.order(file_id, NAME)
    return await _progress(found, redis, linker(request, config, links))


@get("/files/{file_id:uuid}/bundle/progress", tags=["files"], summary="How far the building of a bundle is")
async def bundle_progress(
    file_id: UUID, request: Request, caller: Caller, config: Config, links: Links, redis: Redis
) -> dict[str, Any]:
    """`none` where nobody asked for it, `building`, `done` with the bundle, or `error`."""
    return await _progress(await _seen(file_id, caller), redis, linker(request, config, links))


async def _progress(found: service.File, redis: Redis, link: Linker) -> dict[str, Any]:
    file = {"file_id": str(found.id), "error": None, "bundle": None}
    if built := await orders.made(found.id, NAME):
        bundle = link.version(found.place, found.filename, built[0])
        return file | {"state": "done", "percent": 100.0, "bundle": bundle}
    ordered, code, message = await orders.failure(found.id, NAME)
    if code is not None:
        return file | {"state": "error", "percent": 0.0, "error": {"code": code, "message": message}}
    told = await last_told(redis, found.id) if ordered else None
    percent = told.percent if told and told.step == NAME else 0.0  # the last word may be of other work on the file
    return file | {"state": "building" if ordered else "none", "percent": percent}


router = Router("/", route_handlers=[fetch_bundle, build_bundle, bundle_progress])
