"""A large file on its way, in parts: from wherever it stands, so that no part is sent twice."""

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from ops.uploading.client import Away, Client
from ops.uploading.journal import Entry

LARGE = 32 << 20  # bytes from which on a file is offered with its size and checksum
AT_ONCE, TOGETHER = 3, 2  # parts of one file; those whose links are asked for together
ROUNDS = 5  # of looking what is missing, before it is given up for now

Part = dict[str, Any]


async def checksum(file: Path) -> str:
    """The SHA-256 of a file, in hex."""
    return await asyncio.to_thread(_checksum, file)


async def begun(client: Client, known: Entry) -> bool:
    """Whether what is known of a file in `init` is that it is sent in parts. Raises Refused and Away."""
    return known.size >= LARGE and bool((await client.ask("GET", f"/files/{known.image_id}/upload"))["parts"])


async def send(client: Client, file_id: str, file: Path, told: Callable[[int], None]) -> None:
    """Sends what is missing of a file, and says that it is complete; `told` hears of every part's size in bytes.

    Raises Refused and Away.
    """
    upload = await client.ask("GET", f"/files/{file_id}/upload")
    told(sum(part["size"] for part in upload["parts"] if part["there"]))
    for _ in range(ROUNDS):
        missing = [part for part in upload["parts"] if not part["there"]]
        if not missing:
            await client.ask("POST", f"/files/{file_id}/complete")
            return
        await _all(client, file_id, file, missing, told)
        upload = await client.ask("GET", f"/files/{file_id}/upload")
    raise Away("storage does not keep the parts that it is sent")


async def _all(client: Client, file_id: str, file: Path, parts: Iterable[Part], told: Callable[[int], None]) -> None:
    left = iter(parts)

    async def each() -> None:
        while some := list(islice(left, TOGETHER)):
            await client.patiently(lambda: _some(client, file_id, file, some, told))

    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(each())
    except ExceptionGroup as several:
        raise several.exceptions[0] from None


async def _some(client: Client, file_id: str, file: Path, parts: list[Part], told: Callable[[int], None]) -> None:
    """Sends `parts`, and takes out of the list those that were sent. A part is in memory for itself only."""
    wanted = [await asyncio.to_thread(_wanted, file, part) for part in parts]
    answer = await client.ask("POST", f"/files/{file_id}/upload/parts", {"parts": wanted})
    for link in answer["parts"]:
        await client.put(link["upload_link"], await asyncio.to_thread(_read, file, parts[0]))
        told(parts.pop(0)["size"])


def _wanted(file: Path, part: Part) -> dict[str, Any]:
    return {"part": part["part"], "size": part["size"], "sha256": hashlib.sha256(_read(file, part)).hexdigest()}


def _read(file: Path, part: Part) -> bytes:
    with file.open("rb") as opened:
        opened.seek(part["offset"])
        return opened.read(part["size"])


def _checksum(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
