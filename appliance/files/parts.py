"""Files that are sent in parts: which parts storage has, links for those that it has not, and putting them together."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from appliance.config import Config
from appliance.errors import Conflict, PartsMissing, UploadEnded
from appliance.files.service import File
from appliance.ledger import states, uploads
from appliance.ledger.uploads import Upload
from appliance.logs import log
from storage import layout
from storage.errors import StorageError, StorageUnavailable
from storage.parts import Part, PartLinks, PartWriter
from storage.signing import Body

SECONDS = 60.0  # for one answer of storage: putting ten thousand parts together takes a while
THREADS = 6
NAMED = 20  # ranges of missing parts in a message


class Parts:
    """Storage is asked for what it has each time; the ledger keeps what it calls the upload."""

    def __init__(self, config: Config) -> None:
        key, endpoint = config.key("uploader_key"), config.endpoint()
        self._writer = PartWriter(endpoint, key.access, key.secret, seconds=SECONDS)
        self._links = PartLinks(key.access, key.secret, endpoint)
        # Threads of their own, as for hints.
        self._threads = ThreadPoolExecutor(THREADS, "parts")

    async def there(self, found: File, upload: Upload) -> list[Part]:
        """The parts that storage has, as they were to be cut. Raises StorageError."""
        if upload.id is None:
            return []
        parts: list[Part] | None = await self._in_thread(self._writer.listed, layout.ORIGINALS, _key(found), upload.id)
        return [part for part in parts or [] if _fits(part, upload)]

    async def links(self, found: File, wanted: Mapping[int, Body], seconds: int) -> dict[int, str]:
        """The path and query to PUT each of these parts to, for so long. Raises UploadEnded and StorageError."""
        upload_id = await self._begun(found, await uploads.upload(found.id))
        key = _key(found)
        return {part: self._links.link(key, upload_id, part, body, seconds) for part, body in wanted.items()}

    async def put_together(self, found: File, upload: Upload) -> None:
        """Makes the object, unless somebody just did. Raises PartsMissing, Conflict and StorageError."""
        parts = await self.there(found, upload)
        missing = sorted({*range(1, upload.plan.count + 1)} - {part.number for part in parts})
        if missing:
            raise PartsMissing(f"{len(missing)} of {upload.plan.count} parts are missing", parts=ranges(missing))
        assert upload.id is not None
        try:
            await self._in_thread(self._writer.put_together, layout.ORIGINALS, _key(found), upload.id, parts)
        except StorageUnavailable:
            raise
        except StorageError as error:
            if error.code not in ("InvalidPart", "EntityTooSmall"):
                raise
            raise Conflict("A part was sent again while the file was put together; complete it again") from error
        log.info("parts put together", asset=str(found.id), parts=len(parts))

    async def _begun(self, found: File, upload: Upload | None) -> str:
        """What storage calls the upload, begun anew where it never was, or where storage has thrown it away."""
        if upload is None:
            raise UploadEnded(_why(found))
        key = _key(found)
        if upload.id and await self._in_thread(self._writer.knows, layout.ORIGINALS, key, upload.id):
            return upload.id
        begun: str = await self._in_thread(self._writer.begin, layout.ORIGINALS, key)
        if await uploads.begin(found.id, begun, upload.id):
            return begun
        # Somebody was faster.
        await self._in_thread(self._writer.abort_parts, layout.ORIGINALS, key, begun)
        other = await uploads.upload(found.id)
        if other is None or other.id is None:
            raise UploadEnded(_why(found))
        return other.id

    async def _in_thread(self, call: Any, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)


def ranges(numbers: Sequence[int]) -> str:
    """Numbers in order, for people: `1-3, 7`; the first of them where they are many."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    told = [str(first) if first == last else f"{first}-{last}" for first, last in found[:NAMED]]
    return ", ".join(told + ["…"] * (len(found) > NAMED))


def _fits(part: Part, upload: Upload) -> bool:
    return part.number <= upload.plan.count and part.size == upload.plan.length(part.number)


def _key(found: File) -> str:
    return layout.original_key(*found.place)


def _why(found: File) -> str:
    if found.state == "init":
        return "This file is not sent in parts"
    return f"This file takes no parts any more: it is {states.shown(found.state)}"
