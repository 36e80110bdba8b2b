"""The client's own word that its upload is complete: never trusted, storage is asked."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from appliance.errors import Unavailable
from appliance.files import service
from storage import layout
from storage.objects import Objects

STORED_SECONDS = 5.0  # the longest that a hint waits for storage; without one the upload is found all the same
TAKEN_IN_PAUSES = (0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5)  # seconds; a notification takes the first, the sweep a second

# Threads of their own: while storage hangs, so do all that ask it, and others need the threads that everybody has.
_THREADS = ThreadPoolExecutor(6, "hints")


async def stored(reader: Objects, found: service.File) -> bool:
    """Whether storage holds an original under a file's key. Raises Unavailable, also when it says nothing in time."""
    return await _held(reader, layout.original_key(*found.place), None)


async def pinned(reader: Objects, found: service.File) -> bool:
    """The same of the very bytes that were taken in."""
    assert found.key is not None
    return await _held(reader, found.key, found.version_id)


async def _held(reader: Objects, key: str, version_id: str | None) -> bool:
    asked = asyncio.get_running_loop().run_in_executor(_THREADS, reader.head, layout.ORIGINALS, key, version_id)
    try:
        async with asyncio.timeout(STORED_SECONDS):
            return await asked is not None
    except TimeoutError:
        raise Unavailable("Storage gives no answer at the moment; try again") from None


async def taken_in(found: service.File) -> service.File:
    """The photo once its bytes are taken in, or as it is after a while. Raises NotFound if it is deleted meanwhile."""
    for pause in TAKEN_IN_PAUSES:
        await asyncio.sleep(pause)
        found = await service.file(found.id)
        if found.version_id is not None:
            break
    return found
