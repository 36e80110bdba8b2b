"""The load of the ingest benchmark: a client that asks for links, sends forms over the edge, and watches the events."""

import asyncio
import itertools
import os
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from typing import Any, NamedTuple

import aiohttp

from ops.uploading.client import Client

CHUNK = 1 << 20


class Run(NamedTuple):
    """`seconds` from the first link asked to the last `done`; latencies in seconds from last byte sent to `done`."""

    seconds: float
    latencies: list[float]
    failed: int
    own_cpu: float


async def run(
    url: str, project: str, token: str, photos: Sequence[bytes], count: int, at_once: int, every: float = 0.0
) -> Run:
    """Sends `count` photos, taking turns among `photos`, with `at_once` uploads under way; waits for all to end.

    With `at_once` 1 each is waited for before the next is sent, so that it finds the appliance idle. every: seconds
    from the begin of one upload to that of the next; then as many are under way as there happen to be.
    """
    connector = aiohttp.TCPConnector(limit=at_once + 4)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=300)) as session:

        async def bearer() -> str:
            return token

        client = Client(session, url, project, bearer)
        load = _Load(client, photos, count, at_once == 1 and not every)
        return await load.run(load.paced(every) if every else load.crowd(at_once))


class _Load:
    def __init__(self, client: Client, photos: Sequence[bytes], count: int, idle: bool) -> None:
        self._client = client
        self._photos = itertools.cycle(photos)
        self._left = iter(range(count))
        self._count = count
        self._sent: dict[str, float] = {}  # when the last byte was sent
        self._ended: dict[str, float] = {}
        self._failed = 0
        self._idle = idle
        self._one = asyncio.Event()
        self._all = asyncio.Event()

    async def crowd(self, at_once: int) -> None:
        """So many at a time."""
        await asyncio.gather(*(self._send() for _ in range(at_once)))

    async def paced(self, every: float) -> None:
        """One every so many seconds."""
        async with asyncio.TaskGroup() as tasks:
            for number in self._left:
                tasks.create_task(self._send_one(number))
                await asyncio.sleep(every)

    async def run(self, sending: Coroutine[Any, Any, None]) -> Run:
        watching = asyncio.create_task(self._watch(await self._client.cursor()))
        cpu, began = _cpu(), time.monotonic()
        await sending
        async with asyncio.timeout(300):
            await self._all.wait()
        seconds, own = time.monotonic() - began, _cpu() - cpu
        watching.cancel()
        latencies = sorted(self._ended[image] - self._sent[image] for image in self._sent)
        return Run(seconds, latencies, self._failed, own)

    async def _send(self) -> None:
        for number in self._left:
            image = await self._send_one(number)
            while self._idle and image not in self._ended:
                self._one.clear()
                await self._one.wait()

    async def _send_one(self, number: int) -> str:
        photo = next(self._photos)
        link = await self._client.link(f"photo-{number}.jpg")

        async def body() -> AsyncIterator[bytes]:
            for start in range(0, len(photo), CHUNK):
                yield photo[start : start + CHUNK]
            self._sent[link.image_id] = time.monotonic()

        await self._client.send_bytes(link, "photo.jpg", body, len(photo))
        return link.image_id

    async def _watch(self, cursor: str) -> None:
        async for event in self._client.events(cursor):
            if event["type"] == "state" and event["state"] in ("done", "error") and event["image_id"] in self._sent:
                self._ended[event["image_id"]] = time.monotonic()
                self._failed += event["state"] == "error"
                self._one.set()
                if len(self._ended) == self._count:
                    self._all.set()


def _cpu() -> float:
    times = os.times()
    return times.user + times.system
