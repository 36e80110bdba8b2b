"""Intake as tests drive it: the inbox and the chores of the sweep, on a real storage server and a real Valkey."""

import asyncio
import time
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

from appliance.config import Config
from appliance.ledger.arrivals import Arrivals
from appliance.ledger.inbox import INBOX, TAKEN, Inbox
from appliance.ledger.sweep import Sweep
from appliance.queue import Queue, queue_name
from appliance.valkey import patient
from storage import layout
from storage.links import UploadForms
from storage.objects import Objects, Stat
from tests.daemons.minio import UPLOADER, Minio
from tests.daemons.valkey import Valkey
from tests.ledger.book import PROJECT, Book

WINDOW = 300


class Counted(Objects):
    """Storage, with a tally of the requests that look for originals."""

    heads = lists = 0
    listed: set[str]

    def __init__(self, url: str, access_key: str, secret_key: str) -> None:
        super().__init__(url, access_key, secret_key)
        self.listed = set()

    def head(self, bucket: str, key: str, version_id: str | None = None) -> Stat | None:
        self.heads += 1
        return super().head(bucket, key, version_id)

    def list(self, bucket: str, prefix: str, versions: bool = False) -> Iterator[Stat]:
        self.lists += 1
        for stat in super().list(bucket, prefix, versions):
            self.listed.add(stat.key)
            yield stat


class Intake:
    """One intake: `inbox` and `sweep` over the ledger of `book`."""

    def __init__(self, book: Book, valkey: Valkey, minio: Minio, key: tuple[str, str]) -> None:
        self.book, self.minio = book, minio
        self.valkey: Any = valkey.client()  # typed for both kinds of client, so for neither
        self.url = f"redis://:{valkey.password}@127.0.0.1:{valkey.port}/0"
        self.objects = Counted(minio.url, *key)
        self.queue = Queue(self.url, WINDOW)
        self.arrivals = Arrivals(book.ledger, self.queue, self.objects)
        self.inbox = Inbox(patient(self.url), self.arrivals)
        self.sweep = Sweep(book.ledger, self.arrivals, self.queue, self.objects, Config())
        self._forms = UploadForms(*UPLOADER)

    async def upload(self, asset: UUID, body: bytes = b"a photo") -> None:
        """Sends a form for this asset as a client does; any number of times."""
        form = self._forms.form(layout.original_key("projects", PROJECT, "images", asset), 2_000_000, 900)
        boundary = uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}' for k, v in form.params.items()
        ]
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\n')
        data = "\r\n".join(parts).encode() + body + f"\r\n--{boundary}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        request = urllib.request.Request(self.minio.url + form.path, data, headers)
        await asyncio.to_thread(lambda: urllib.request.urlopen(request, timeout=20).close())

    async def uploads(self, count: int) -> list[UUID]:
        """So many slots, with their bytes in storage and nobody told of it but by notifications."""
        assets = [await self.book.slot() for _ in range(count)]
        for start in range(0, count, 16):
            await asyncio.gather(*(self.upload(asset) for asset in assets[start : start + 16]))
        return assets

    def stored(self, asset: UUID, bucket: str = layout.ORIGINALS) -> list[Stat]:
        """Every version and delete marker in storage of this asset."""
        return list(self.objects.list(bucket, layout.original_key("projects", PROJECT, "images", asset), versions=True))

    async def notified(self, assets: list[UUID]) -> list[bytes]:
        """The first notification of each of these assets, once they are there; all that came stays in the list.

        The durable target is late: what it has to say of other tests' assets may come at any time.
        """
        return await self._told(map(str, assets))

    async def notified_of(self, versions: list[Stat]) -> list[bytes]:
        """The same by versions: of one that is told twice, the second time may be told before another's first."""
        return await self._told(stat.version_id for stat in versions)

    async def _told(self, ids: Iterable[str]) -> list[bytes]:
        wanted, found = [one.encode() for one in ids], list[bytes]()

        async def all_there() -> bool:
            came = self.valkey.lrange(INBOX, 0, -1)
            found[:] = [n for one in wanted for n in [n for n in came if one in n][:1]]
            return len(found) == len(wanted)

        await until(all_there)
        return found

    def queued(self) -> list[str]:
        """The ids of the jobs in the queue, in the order they will be done in."""
        return [job.decode() for job in self.valkey.zrange(queue_name("images"), 0, -1)]

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        """Runs the inbox while the block runs. Raises what made it end."""
        running = asyncio.create_task(self.inbox.run())
        try:
            yield
        finally:
            running.cancel()
            with suppress(asyncio.CancelledError):
                await running

    async def emptied(self) -> None:
        """Waits until nothing is left to read."""
        await until(lambda: _done(not self.valkey.exists(INBOX, TAKEN)))

    async def read(self) -> None:
        """Runs the inbox until nothing is left."""
        async with self.reading():
            await self.emptied()


async def _done(answer: object) -> bool:
    return bool(answer)


async def until(check: Callable[[], Awaitable[bool]], seconds: float = 10.0) -> None:
    """Waits until `check` says so."""
    limit = time.monotonic() + seconds
    while not await check():
        assert time.monotonic() < limit, "it did not come"
        await asyncio.sleep(0.02)
