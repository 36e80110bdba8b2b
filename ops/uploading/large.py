"""A large file on its way, in parts: from wherever it stands, so that no part is sent twice."""

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ops.uploading.client import Away, Client
from ops.uploading.journal import Entry

LARGE = 32 << 20  # bytes from which on a file is offered with its size and checksum
AT_ONCE = 4  # parts of one file
ROUNDS = 5  # of looking what is missing, before it is given up for now


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


async def _all(
    client: Client, file_id: str, file: Path, parts: Iterable[dict[str, Any]], told: Callable[[int], None]
) -> None:
    left = iter(parts)

    async def each() -> None:
        for part in left:
            await client.patiently(lambda part=part: _one(client, file_id, file, part))  # type: ignore[misc]
            told(part["size"])

    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(each())
    except ExceptionGroup as several:
        raise several.exceptions[0] from None


async def _one(client: Client, file_id: str, file: Path, part: dict[str, Any]) -> None:
    data = await asyncio.to_thread(_read, file, part["offset"], part["size"])
    wanted = {"part": part["part"], "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    answer = await client.ask("POST", f"/files/{file_id}/upload/parts", {"parts": [wanted]})
    await client.put(answer["parts"][0]["upload_link"], data)


def _read(file: Path, offset: int, size: int) -> bytes:
    with file.open("rb") as opened:
        opened.seek(offset)
        return opened.read(size)


def _checksum(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
