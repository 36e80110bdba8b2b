"""Members of a room who listen, in a process of their own: `python -m ops.benchmarks.listeners`.

Its first line of input says where, who, and for how many messages; it answers `ready` once all of them have joined. It
ends once each has every message, or so many seconds after its input has ended, with what it heard as its last line.
"""

import asyncio
import os
import random
import sys
import time

import aiohttp
import msgspec
import uvloop

AT_ONCE = 20  # members who join at the same time
GRACE_SECONDS = 10.0


class Wanted(msgspec.Struct):
    """url: of the appliance. tokens: of the members, one each. messages: how many will be said. reading: seconds at
    least between two marks of a member's of how far it has read, twice as many at most; 0: it marks nothing.
    """

    url: str
    chat: str
    tokens: list[str]
    messages: int
    reading: float = 0.0


class Heard(msgspec.Struct):
    """deliveries: for each member the number of each message and when it came, by the clock that all processes share.
    disordered: events that came after a later one. own_cpu: seconds of it from the first message to the end.
    """

    deliveries: list[list[tuple[int, float]]]
    disordered: int
    own_cpu: float


class _Said(msgspec.Struct):
    client_id: str | None = None


class _Told(msgspec.Struct):
    type: str
    seq: int | None = None
    message: _Said | None = None


class _Crowd:
    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._decode = msgspec.json.Decoder(_Told).decode
        self._heard = Heard([[] for _ in wanted.tokens], 0, 0.0)
        self._left = len(wanted.tokens)
        self._joining = asyncio.Semaphore(AT_ONCE)
        self._joined = 0
        self._read = [0] * len(wanted.tokens)
        self.ready, self.done = asyncio.Event(), asyncio.Event()

    async def run(self, session: aiohttp.ClientSession) -> Heard:
        listening = [asyncio.create_task(self._listen(session, n)) for n in range(len(self._wanted.tokens))]
        joined = asyncio.create_task(self.ready.wait())
        await asyncio.wait([joined, *listening], return_when=asyncio.FIRST_COMPLETED)
        for task in listening:
            if task.done():
                task.result()  # nobody leaves: this raises
        cpu = _cpu()
        print("ready", flush=True)
        ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
        await asyncio.wait([ended, asyncio.create_task(self.done.wait())], return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait([asyncio.create_task(self.done.wait())], timeout=GRACE_SECONDS)
        self._heard.own_cpu = _cpu() - cpu
        for task in listening:
            task.cancel()
        return self._heard

    async def _listen(self, session: aiohttp.ClientSession, member: int) -> None:
        async with self._joining:
            headers = {"Authorization": f"Bearer {self._wanted.tokens[member]}"}
            async with session.post(f"{self._wanted.url}/tickets", headers=headers) as answer:
                answer.raise_for_status()
                ticket = (await answer.json())["ticket"]
            path = f"{self._wanted.url}/chat/{self._wanted.chat}/events?ticket={ticket}"
            socket = await session.ws_connect(path, heartbeat=None)
            while self._decode(await socket.receive_str()).type != "messages":
                pass
        self._joined += 1
        if self._joined == len(self._wanted.tokens):
            self.ready.set()
        async with asyncio.TaskGroup() as tasks:
            if self._wanted.reading:
                tasks.create_task(self._mark(session, member))
            tasks.create_task(self._count(socket, member))

    async def _mark(self, session: aiohttp.ClientSession, member: int) -> None:
        """Says how far it has read, as the page does: now and then, and not when all others do."""
        headers = {"Authorization": f"Bearer {self._wanted.tokens[member]}"}
        path, marked = f"{self._wanted.url}/chat/{self._wanted.chat}/read", 0
        while True:
            await asyncio.sleep(random.uniform(1, 2) * self._wanted.reading)
            if (upto := self._read[member]) > marked:
                async with session.put(path, headers=headers, json={"seq": upto}) as answer:
                    answer.raise_for_status()
                marked = upto

    async def _count(self, socket: aiohttp.ClientWebSocketResponse, member: int) -> None:
        last, mine = 0, self._heard.deliveries[member]
        async for message in socket:
            now = time.monotonic()
            told = self._decode(message.data)
            if told.type == "beat" or told.seq is None:
                continue
            self._heard.disordered += told.seq <= last
            last = self._read[member] = told.seq
            if told.message is not None and (told.message.client_id or "").isdecimal():
                mine.append((int(told.message.client_id or ""), now))
                self._left -= len(mine) == self._wanted.messages
                if not self._left:
                    self.done.set()
        raise ConnectionError(f"member {member} was let go: {socket.close_code}")


def _cpu() -> float:
    times = os.times()
    return times.user + times.system


async def _main() -> None:
    wanted = msgspec.json.decode(await asyncio.to_thread(sys.stdin.readline), type=Wanted)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        heard = await _Crowd(wanted).run(session)
    print(msgspec.json.encode(heard).decode(), flush=True)


if __name__ == "__main__":
    uvloop.run(_main())
