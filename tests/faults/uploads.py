"""Uploads under way: photos that are all different, sent by the example client, whose patience is what is asked for."""

import asyncio
import hashlib
import random
import struct
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

from ops.uploading.client import Away, Client, Link, Refused
from tests.appliance import pictures
from tests.appliance.client import Project, wait_for

PHOTO = pictures.jpeg(640, 480)
AT_ONCE = 4
"""Uploads under way at a time: what dies in the middle of a form may leave so many object versions behind."""
PATIENCE = 240.0


def photo(name: str) -> bytes:
    """The same picture with a comment that no other one has (ITU-T T.81, B.2.4.5)."""
    comment = name.encode()
    return PHOTO[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + PHOTO[2:]


class Load:
    """`count` uploads to the edge at `url` in a thread of their own, begun at random moments of `seconds`.

    `acknowledged`: the SHA-256 that was sent, by image id, once storage has said that it has it. `attempts`: how often
    each form was sent; where storage had stored one and died before it could say so, the next one makes a version more.
    """

    def __init__(self, project: Project, url: str, count: int, seconds: float, chance: random.Random) -> None:
        self.acknowledged: dict[str, str] = {}
        self.attempts: Counter[str] = Counter()
        self.given_up: list[str] = []
        self.count = count
        self._project = project
        self._url = url
        self._moments = sorted(chance.uniform(0, seconds) for _ in range(count))
        self._limit = time.monotonic() + seconds + PATIENCE
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait(self, acknowledged: int) -> None:
        """Until so many have been acknowledged."""
        wait_for(lambda: len(self.acknowledged) >= acknowledged or not self._thread.is_alive(), PATIENCE)

    def send_once(self, link: dict[str, Any], data: bytes) -> None:
        """One upload more, by a link that was asked for elsewhere."""
        self.attempts[link["image_id"]] += 1
        assert self._project.send(link, data).status_code == 201
        self.acknowledged[link["image_id"]] = hashlib.sha256(data).hexdigest()

    def join(self) -> None:
        """Until every photo was acknowledged or given up. Raises what went wrong with the sending itself."""
        self._thread.join(PATIENCE + 60)
        assert not self._thread.is_alive(), "the uploads do not end"
        if self._failure:
            raise self._failure

    def _run(self) -> None:
        try:
            asyncio.run(self._all())
        except BaseException as error:
            self._failure = error

    async def _all(self) -> None:
        began, turns = time.monotonic(), asyncio.Semaphore(AT_ONCE)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
            client = Client(session, self._url, self._project.id, self._bearer)

            async def one(number: int) -> None:
                await asyncio.sleep(max(0.0, began + self._moments[number] - time.monotonic()))
                async with turns:
                    await self._upload(client, photo(f"{self._project.id} {number}"))

            await asyncio.gather(*(one(number) for number in range(self.count)))

    async def _bearer(self) -> str:
        return self._project.token

    async def _upload(self, client: Client, data: bytes) -> None:
        """As a user who tries again: a new link for a form that is not taken any more, until patience ends."""
        while time.monotonic() < self._limit:
            try:
                link = await client.link("photo.jpg")
                await self._send(client, link, data)
            except (Away, Refused):
                continue
            self.acknowledged[link.image_id] = hashlib.sha256(data).hexdigest()
            return
        self.given_up.append(hashlib.sha256(data).hexdigest())

    async def _send(self, client: Client, link: Link, data: bytes) -> None:
        async def body() -> AsyncIterator[bytes]:
            self.attempts[link.image_id] += 1
            yield data

        while True:
            try:
                return await client.send_bytes(link, "photo.jpg", body, len(data))
            except Away:
                if time.monotonic() > self._limit:
                    raise
