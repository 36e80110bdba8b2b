"""The clients: those that upload and do everything else that can be done with a photo, and those that listen."""

import asyncio
import random
from collections.abc import AsyncIterator

import aiohttp

from ops.soaking import files
from ops.soaking.book import Book, Heard
from ops.uploading.client import Away, Client, Link, Refused

THINK_SECONDS, LONGEST_HESITATION = 0.6, 3.0
PROJECT = "soak"
FAILED = (Away, Refused, aiohttp.ClientError, OSError)


class Uploader:
    """Sends one file after the other; what fails for a passing reason is what `Client` is patient about."""

    def __init__(self, client: Client, api: "Api", book: Book, some: dict[str, list[files.File]], seed: int) -> None:
        self._client, self._api, self._book, self._files = client, api, book, some
        self._chance = random.Random(seed)

    async def run(self) -> None:
        """Until cancelled; a call that is given up is noted, and life goes on."""
        while True:
            try:
                await self._one()
            except FAILED as error:
                self._book.did[f"given up: {type(error).__name__}"] += 1
            await asyncio.sleep(self._chance.uniform(0, THINK_SECONDS))

    async def _one(self) -> None:
        file, fate = files.chosen(self._files, self._chance), self._chance.random()
        began = asyncio.get_running_loop().time()
        link = await self._client.link(f"{file.kind}.jpg")
        self._book.links.append((began, asyncio.get_running_loop().time() - began))
        if fate < 0.04:
            self._book.did["links abandoned"] += 1
            return
        await self._send(link, file)
        self._book.acknowledged(link.image_id, file.kind, file.good)
        if fate < 0.12:
            self._book.did["forms sent twice"] += 1
            second = self._chance.choice(self._files["small"])
            if second.good != file.good:
                # Storage keeps both. The ledger takes the one it hears of first; if a kill cost that word, the later.
                self._book.sent[link.image_id].good = None
            await self._send(link, second)
        elif fate < 0.22:
            await self._delete(link.image_id)
        elif fate < 0.26:
            await asyncio.sleep(self._chance.uniform(0, LONGEST_HESITATION))
            self._book.did["tried again"] += await self._api.call("POST", f"/images/{link.image_id}/retry") == 200
        elif fate < 0.263:
            self._book.did["all failed tried again"] += 1
            await self._api.call("POST", f"/projects/{PROJECT}/retry")
        elif fate < 0.36:
            self._book.did["hints"] += 1
            await self._api.call("POST", f"/images/{link.image_id}/uploaded")

    async def _send(self, link: Link, file: files.File) -> None:
        async def body() -> AsyncIterator[bytes]:
            self._book.forms[link.image_id] += 1
            yield file.data

        await self._client.send_bytes(link, f"{file.kind}.jpg", body, len(file.data))

    async def _delete(self, image: str) -> None:
        await asyncio.sleep(self._chance.uniform(0, LONGEST_HESITATION))
        # Noted first: a deletion whose answer is lost may have been done.
        sent = self._book.sent[image]
        sent.deleting = True
        sent.deleted = await self._api.call("DELETE", f"/images/{image}") in (204, 404)
        self._book.did["deleted"] += sent.deleted


class Api:
    """Calls beside those of an uploading client."""

    def __init__(self, session: aiohttp.ClientSession, url: str, key: str) -> None:
        self._session, self._url = session, url
        self._headers = {"Authorization": f"Bearer {key}"}

    async def call(self, method: str, path: str, json: object = None) -> int:
        """One call, repeated while the answer is 429 or 5xx; its status. Raises what is in FAILED."""
        for pause in (0.5, 1, 2, 4, 8, 0):
            async with self._session.request(method, self._url + path, headers=self._headers, json=json) as answer:
                await answer.read()
                if answer.status != 429 and answer.status < 500:
                    return answer.status
            await asyncio.sleep(pause)
        raise Away(f"{method} {path.split('/')[1]}: {answer.status}")

    async def get(self, path: str) -> dict:
        """One JSON answer. Raises what is in FAILED."""
        async with self._session.get(self._url + path, headers=self._headers) as answer:
            answer.raise_for_status()
            return dict(await answer.json())


async def listen(client: Client, book: Book, heard: Heard) -> None:
    """Hears every event by websocket, from the first on, until cancelled."""
    async for event in client.events("0"):
        heard.take(event["seq"])
        book.told(event)
