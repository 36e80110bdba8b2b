"""The API as a client uses it: a link, the form, and the events."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

Bearer = Callable[[], Awaitable[str]]  # gives a token that is good for some minutes at least

TRIES = 6
MOST_PAUSE = 8.0


class Refused(Exception):
    """The server said no, and asking again won't help. The text is for the person who asked."""


class Away(Exception):
    """The server could not be reached, or could not answer now."""


class Link(NamedTuple):
    """An upload that may begin: by a form, or in parts; or one whose bytes are there already."""

    image_id: str
    url: str
    params: dict[str, str]
    in_parts: bool = False
    there: bool = False


class Client:
    """One project of one appliance. All calls repeat what failed for a passing reason, a bounded number of times."""

    def __init__(self, session: aiohttp.ClientSession, url: str, project: str, bearer: Bearer) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._project = project
        self._bearer = bearer

    async def link(self, filename: str) -> Link:
        """A link to upload one file by. Raises Refused and Away."""
        body = {"filename": plain(filename), "project_id": self._project}
        made = await self.patiently(lambda: self._json("POST", "/images/", json=body))
        return Link(made["image_id"], made["upload_link"], made["params"])

    async def offer(self, filename: str, size: int, checksum: str) -> Link:
        """The same for a large file, by its size in bytes and its SHA-256 in hex."""
        about = {"filename": plain(filename), "project_id": self._project, "size": size, "checksum": checksum}
        made = await self.ask("POST", "/files/", about)
        in_parts, there = made["upload"] is not None, made["state"] != "init"
        return Link(made["file_id"], made["upload_link"] or "", made["params"] or {}, in_parts, there)

    async def ask(self, method: str, path: str, body: Any = None) -> Any:
        """One call of the API, as JSON. Raises Refused and Away."""
        return await self.patiently(lambda: self._json(method, path, json=body))

    async def put(self, url: str, data: bytes) -> None:
        """Sends one part. Raises Away also where its link is not good (any more): a new one may be."""
        async with self._session.put(url, data=data) as answer:
            if answer.status >= 400:
                raise Away(f"{answer.status}: {(await answer.text())[:300]}")

    async def send(self, link: Link, file: Path, told: Callable[[int], None] = lambda sent: None) -> None:
        """Sends a file by its link; `told` hears of every chunk's size in bytes. Raises Refused and Away."""
        size = (await asyncio.to_thread(file.stat)).st_size
        await self.send_bytes(link, file.name, lambda: _chunks(file, told), size)

    async def send_bytes(self, link: Link, name: str, body: Callable[[], AsyncIterator[bytes]], size: int) -> None:
        """Sends `size` bytes that `body` gives as a multipart form: every pair of the link's params, then `file`."""
        await self.patiently(lambda: self._form(link, name, body(), size))

    async def image(self, image_id: str) -> dict[str, Any] | None:
        """One image, or None if there is none of this id. Raises Refused and Away."""
        return await self.patiently(lambda: self._json("GET", f"/images/{image_id}", missing=None))

    async def cursor(self) -> str:
        """Where the project's events stand now."""
        page = await self.patiently(lambda: self._json("GET", f"/projects/{self._project}/events?limit=1"))
        return f"{page['epoch']}:{page['seq']}"

    async def events(self, cursor: str) -> AsyncIterator[dict[str, Any]]:
        """Every event after `cursor`, for ever: a lost connection is taken up where it was.

        After a `reset` (also given to the caller) it goes on from the stream's head.
        """
        while True:
            try:
                async for event in self._listen(cursor):
                    if event["type"] in ("state", "deleted", "erased", "reset"):
                        epoch = event.get("epoch") or cursor.rpartition(":")[0]
                        cursor = f"{epoch}:{event['seq']}"
                        yield event
            except (aiohttp.ClientError, OSError, Away):
                pass  # the next connection begins at the cursor
            await asyncio.sleep(0.5)

    async def _listen(self, cursor: str) -> AsyncIterator[dict[str, Any]]:
        ticket = (await self._json("POST", "/tickets", json={"project_id": self._project}))["ticket"]
        address = f"{self._url}/projects/{self._project}/events"
        async with self._session.ws_connect(
            address, params={"ticket": ticket, "after": cursor}, timeout=aiohttp.ClientWSTimeout(ws_receive=45)
        ) as ws:
            async for message in ws:
                if message.type == aiohttp.WSMsgType.TEXT:
                    yield json.loads(message.data)

    async def patiently(self, call: Callable[[], Awaitable[Any]]) -> Any:
        """What `call` gives, repeated while it fails for a passing reason. Raises Refused and Away."""
        attempt = 1
        while True:
            try:
                return await call()
            except (aiohttp.ClientError, OSError, TimeoutError, Away) as error:
                if attempt == TRIES:
                    raise Away(str(error) or type(error).__name__) from error
            await asyncio.sleep(min(MOST_PAUSE, 0.25 * 2**attempt))
            attempt += 1

    async def _json(self, method: str, path: str, json: Any = None, **missing: Any) -> Any:
        headers = {"Authorization": f"Bearer {await self._bearer()}"}
        async with self._session.request(method, self._url + path, json=json, headers=headers) as answer:
            if answer.status == 404 and missing:
                return None
            await _raise(answer)
            return await answer.json()

    async def _form(self, link: Link, name: str, body: AsyncIterator[bytes], size: int) -> None:
        with aiohttp.MultipartWriter("form-data") as form:
            for key, value in link.params.items():
                form.append(value).set_content_disposition("form-data", name=key)
            part = form.append_payload(_Sized(body, size))
            part.set_content_disposition("form-data", name="file", filename=plain(name))
        async with self._session.post(link.url, data=form) as answer:
            await _raise(answer)


def plain(name: str) -> str:
    """A file's name as the API takes it: bytes that are no UTF-8 replaced, cut to 255 bytes with its ending kept."""
    text = os.fsencode(name).decode("utf-8", "replace")
    stem, ending = os.path.splitext(text)
    return stem.encode()[: 255 - len(ending.encode())].decode("utf-8", "ignore") + ending


class _Sized(aiohttp.payload.AsyncIterablePayload):
    """A body read as it is sent, of a length known before: storage takes no form without one."""

    def __init__(self, body: AsyncIterator[bytes], size: int) -> None:
        super().__init__(body, content_type="application/octet-stream")
        self._size = size


async def _raise(answer: aiohttp.ClientResponse) -> None:
    if answer.status < 400:
        return
    text = await answer.text()
    if answer.status == 429 or answer.status >= 500:
        raise Away(f"{answer.status} {answer.reason}")
    try:
        reason = json.loads(text).get("detail") or text
    except (ValueError, AttributeError):
        reason = text[:300]
    raise Refused(f"{answer.status}: {reason}")


async def _chunks(file: Path, told: Callable[[int], None]) -> AsyncIterator[bytes]:
    with file.open("rb") as opened:
        while chunk := await asyncio.to_thread(opened.read, 256 * 1024):
            yield chunk
            told(len(chunk))
