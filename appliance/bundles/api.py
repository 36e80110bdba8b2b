"""`/files/{id}/bundle`: a file with all that was made of it, as one zip."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePath
from uuid import UUID

from litestar import Router, get
from litestar.datastructures import ResponseHeader
from litestar.response import Stream

from appliance.accounts.callers import Caller
from appliance.bundles.archive import archive
from appliance.bundles.members import members
from appliance.config import Config
from appliance.errors import Unavailable
from appliance.files import service
from appliance.metrics import count
from appliance.renders.errors import NotReady
from storage import disposition
from storage.inspection import Inspector

AT_ONCE = 8  # bundles that a process sends, each of which takes some 20 MB of memory
ZIP = "application/zip"


class TooManyBundles(Unavailable):
    code = "busy"
    title = "More bundles are being sent than can be; try again"
    retry_after = 5


class Bundles:
    """Reads bundles from storage as they are sent, in threads of their own: one that waits holds up no other."""

    def __init__(self, config: Config) -> None:
        key = config.key("reader_key")
        self._objects = Inspector(config.endpoint(), key.access, key.secret)
        self._threads = ThreadPoolExecutor(AT_ONCE, "bundles")
        self._sending = 0

    def pieces(self, found: service.File) -> AsyncIterator[bytes]:
        """The zip of a file that is done. Raises TooManyBundles."""
        if self._sending >= AT_ONCE:
            raise TooManyBundles
        return self._sent(archive(members(self._objects, found), found.created_at))

    async def _sent(self, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        self._sending += 1
        try:
            while (piece := await loop.run_in_executor(self._threads, next, pieces, None)) is not None:
                yield piece
            count("bundles")
        finally:
            self._sending -= 1


@get(
    "/files/{file_id:uuid}/bundle",
    tags=["files"],
    media_type=ZIP,
    response_headers=[ResponseHeader(name="Content-Disposition", documentation_only=True)],
    summary="A file with all that was made of it, as a zip",
)
async def fetch_bundle(file_id: UUID, caller: Caller, bundles: Bundles) -> Stream:
    """The original under its own name, and its versions in a folder; what is compressed already is stored as it is. It
    is read from storage as it is sent, so how long it will be is not known; one that ends early is no zip.
    """
    found = await service.file(file_id)
    caller.may_see(found.whose, "file")
    if found.state != "done":
        raise NotReady
    name = disposition.attachment(f"{PurePath(found.filename).stem}.zip")
    headers = {"Content-Disposition": name, "Cache-Control": "private, no-store"}
    return Stream(bundles.pieces(found), media_type=ZIP, headers=headers)


router = Router("/", route_handlers=[fetch_bundle])
