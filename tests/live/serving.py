"""The API as a process of its own, with nothing behind it but Postgres and Valkey; and websockets to it."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from appliance.accounts.callers import Callers
from appliance.accounts.tickets import Admission, Tickets
from appliance.accounts.whose import Whose
from appliance.ledger.database import fetch
from tests.daemons.process import Daemon, free_port
from tests.ledger.book import PROJECT
from tests.stack import CHECKOUT

FIXED = {
    "DARKROOM_STORAGE_URL": "http://127.0.0.1:1",
    "DARKROOM_TOKEN_SECRET": "a-token-secret-of-tests-of-readers",
    "DARKROOM_UPLOADER_KEY": "uploader:an-uploader-secret-of-tests",
    "DARKROOM_READER_KEY": "reader:a-reader-secret-of-tests",
    "DARKROOM_API_WORKERS": "2",
}


class Api:
    """A running API: `daemon`, `port`, and what its processes cost."""

    def __init__(self, database_url: str, valkey_url: str, folder: Path, **settings: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.valkey_url = valkey_url
        where = {"DARKROOM_DATABASE_URL": database_url, "DARKROOM_VALKEY_URL": valkey_url}
        own = {"PATH": os.environ["PATH"], "PYTHONPATH": str(CHECKOUT), "DARKROOM_API_PORT": str(self.port)}
        argv = [sys.executable, "-m", "appliance.app"]
        self.daemon = Daemon(argv, {**own, **where, **FIXED, **settings}, folder / "api.log", self._well)

    def _well(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200
        except httpx.HTTPError:
            return False

    def resident(self) -> int:
        """Bytes of memory of all its processes together."""
        first = psutil.Process(self.daemon.pid)
        return sum(one.memory_info().rss for one in (first, *first.children(recursive=True)))

    def kill(self) -> None:
        """kill -9 for all its processes."""
        first = psutil.Process(self.daemon.pid)
        for one in (first, *first.children(recursive=True)):
            one.kill()

    def token(self) -> str:
        """One of the project, good for a minute."""
        return Callers(FIXED["DARKROOM_TOKEN_SECRET"]).token(Whose("projects", PROJECT), 60)[0]

    @asynccontextmanager
    async def stream(self, client: httpx.AsyncClient, key: str = "", **headers: str) -> AsyncIterator[httpx.Response]:
        """The events as a stream over HTTP, asked for with a server's key or a token of the project."""
        own = {"Accept": "text/event-stream", "Authorization": f"Bearer {key or self.token()}"}
        async with client.stream("GET", f"{self.url}/projects/{PROJECT}/events", headers=own | headers) as response:
            yield response

    async def unread_stream(self, after: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The same from a number on, for one who has hardly any buffer in the kernel and reads no line yet."""
        own = socket.socket()
        own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        own.setblocking(False)
        await asyncio.get_running_loop().sock_connect(own, ("127.0.0.1", self.port))
        reader, writer = await asyncio.open_connection(sock=own, limit=4096)
        asked = f"GET /projects/{PROJECT}/events?after={after} HTTP/1.1", "Host: a", "Accept: text/event-stream"
        writer.write("\r\n".join((*asked, f"Authorization: Bearer {self.token()}", "", "")).encode())
        return reader, writer

    async def holds(self, count: int) -> bool:
        """Whether so many places are held in the project."""
        redis = Redis.from_url(self.valkey_url)
        try:
            return int(await redis.zcard(f"darkroom:readers:project:{PROJECT}")) == count
        finally:
            await redis.aclose()

    async def given_ticket(self, key: str = "", **headers: str) -> dict[str, str]:
        """What the API answers one who asks for a ticket with a server's key or a token of the project."""
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {key or self.token()}", **headers}) as client:
            answer = await client.post(f"{self.url}/tickets", json={"project_id": PROJECT})
            assert answer.status_code == 201, answer.text
            given: dict[str, str] = answer.json()
            return given

    async def ticket(self, seconds: int = 60) -> str:
        redis = Redis.from_url(self.valkey_url)
        try:
            return await Tickets(redis, "ticket").issue(Admission(Whose("projects", PROJECT)).written(), seconds)
        finally:
            await redis.aclose()

    async def socket(
        self, after: int | None = None, ticket: str | None = None, small: bool = False, **headers: str
    ) -> ClientConnection:
        """A websocket; `small`: with hardly any buffer in the kernel, and nobody who reads from it."""
        own = socket.socket()
        if small:
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        own.setblocking(False)
        await asyncio.get_running_loop().sock_connect(own, ("127.0.0.1", self.port))
        query = f"?ticket={ticket or await self.ticket()}" + ("" if after is None else f"&after={after}")
        url = f"ws://127.0.0.1:{self.port}/projects/{PROJECT}/events{query}"
        made = await connect(
            url, sock=own, additional_headers=headers, max_queue=1, compression=None, ping_interval=None
        )
        if small:
            made.transport.pause_reading()
        return made

    @asynccontextmanager
    async def sockets(self, count: int, **options: Any) -> AsyncIterator[list[ClientConnection]]:
        """So many of them, 20 at a time."""
        made: list[ClientConnection] = []
        try:
            for start in range(0, count, 20):
                made += await asyncio.gather(*(self.socket(**options) for _ in range(min(20, count - start))))
            yield made
        finally:
            for one in made:
                one.transport.abort()


async def told(socket: ClientConnection, seconds: float = 20) -> dict[str, Any]:
    """The next message but a beat."""
    async with asyncio.timeout(seconds):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if message["type"] != "beat":
                return message


async def closed(socket: ClientConnection, seconds: float = 20) -> tuple[int | None, list[int]]:
    """The code that the connection ends with, and the numbers of the events that came before that."""
    seqs = []
    async with asyncio.timeout(seconds):
        with suppress(ConnectionClosed):
            async for text in socket:
                message = json.loads(text)
                if message["type"] == "state":
                    seqs.append(message["seq"])
        await socket.wait_closed()
    return socket.close_code, seqs


async def large_events(stream: int, count: int, size: int = 10_000) -> None:
    """Events of so many bytes each, the stream's next ones."""
    await fetch(
        "WITH s AS (UPDATE ledger.streams SET seq = seq + $2 WHERE id = $1 RETURNING seq - $2 AS base) "
        "INSERT INTO ledger.events (stream, seq, type, asset, state, facts) "
        "SELECT $1, s.base + n, 'state', uuidv7(), 'error', "
        "jsonb_build_object('code', 'x', 'message', repeat('x', $3)) FROM s, generate_series(1, $2) n",
        *(stream, count, size),
    )
