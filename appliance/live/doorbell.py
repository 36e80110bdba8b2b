"""The doorbell: says that a stream has something new, never what. Losing every ring of it loses nothing.

Whoever writes rings after the commit; whoever reads waits for a ring, and every process also looks at the counters of
the streams that somebody in it watches, so a ring that Valkey lost costs seconds and not an event.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from uuid import UUID

import msgspec

from appliance.accounts.owners import OWNERS
from appliance.ledger.database import fetch
from appliance.live import progress, typing
from appliance.live.progress import Progress, Told
from appliance.live.typing import Typing
from appliance.logs import log
from appliance.valkey import patient, quick

CHANNEL = "darkroom:doorbell"
LOOK_SECONDS = 2.0  # how late an event can be when its ring was lost

Heads = dict[int, int]  # stream → its newest seq

# A stream is over once its owner is forgotten, which it is after the last event of its last file.
_LOOK = f"""
SELECT s.id, s.seq, s.closed AND NOT EXISTS (SELECT FROM ({OWNERS}) o WHERE o.root = s.root AND o.id = s.owner) AS over
FROM ledger.streams s WHERE s.id = ANY ($1)
"""


class Doorbell:
    """Rings for what this process appended."""

    def __init__(self, url: str) -> None:
        self._redis = quick(url)
        self._pending: Heads = {}
        self._rung = asyncio.Event()

    def ring(self, appended: Iterable[tuple[int, int]]) -> None:
        """Notes (stream, seq) of what was committed; it is told with the next publish. Never blocks, never raises."""
        for stream, seq in appended:
            self._pending[stream] = max(seq, self._pending.get(stream, 0))
        self._rung.set()

    async def run(self) -> None:
        """Publishes what was rung, in batches, until cancelled."""
        while True:
            await self._rung.wait()
            self._rung.clear()
            heads, self._pending = self._pending, {}
            try:
                await self._redis.publish(CHANNEL, msgspec.msgpack.encode(heads))
            except Exception as error:  # whatever it is: a bell that is never rung again would be worse
                log.warning("doorbell not rung", error=repr(error))


class Woken(asyncio.Event):
    """Set whenever there may be something new in a stream; `progress`: what was told since of files that are worked on,
    the newest word of each. `typing`: who typed since.
    """

    def __init__(self) -> None:
        super().__init__()
        self.progress: dict[UUID, Progress] = {}
        self.typing: set[str] = set()

    def taken(self) -> tuple[dict[UUID, Progress], set[str]]:
        """What was told, to be passed on: progress, and who typed."""
        told = self.progress, self.typing
        self.progress, self.typing = {}, set()
        return told


class Listener:
    """Wakes the readers of this process when a stream they watch has something new."""

    def __init__(self, url: str) -> None:
        self._redis = patient(url, answer_seconds=None)
        self._watched: defaultdict[int, set[asyncio.Event]] = defaultdict(set)
        self._heads: Heads = {}
        self._over: set[int] = set()

    @asynccontextmanager
    async def watch(self, stream: int) -> AsyncIterator[Woken]:
        """What is woken whenever the stream may have something new, for as long as the block lasts."""
        woken = Woken()
        self.attend(stream, woken)
        try:
            yield woken
        finally:
            self.leave(stream, woken)

    def attend(self, stream: int, woken: asyncio.Event) -> None:
        """From now on sets `woken` whenever the stream may have something new; one event may attend many streams."""
        self._watched[stream].add(woken)

    def leave(self, stream: int, woken: asyncio.Event) -> None:
        """The end of that."""
        self._watched[stream].discard(woken)
        if not self._watched[stream]:
            del self._watched[stream]
            self._heads.pop(stream, None)

    @property
    def readers(self) -> int:
        """How many are watching streams now; what is below 0 is none."""
        return sum(len(woken) for stream, woken in self._watched.items() if stream >= 0)

    def over(self, stream: int) -> bool:
        """Whether nothing more will come in it, as far as was seen at the last look."""
        return stream in self._over

    def _heard(self, heads: Heads) -> None:
        for stream, seq in heads.items():
            if stream in self._watched and seq > self._heads.get(stream, -1):
                self._heads[stream] = seq
                for woken in self._watched[stream]:
                    woken.set()

    def _progressed(self, told: Told) -> None:
        for woken in self._watched.get(told.stream, ()):
            if isinstance(woken, Woken):
                woken.progress[told.asset] = told.progress
                woken.set()

    def _typed(self, told: Typing) -> None:
        for woken in self._watched.get(told.stream, ()):
            if isinstance(woken, Woken):
                woken.typing.add(told.person)
                woken.set()

    async def run(self) -> None:
        """Listens and looks until cancelled; survives the loss of Valkey and of Postgres."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._listen())
            tasks.create_task(self._look())

    async def _listen(self) -> None:
        heard: dict[str, Callable[[bytes], None]] = {
            CHANNEL: lambda data: self._heard(msgspec.msgpack.decode(data, type=Heads)),
            progress.CHANNEL: lambda data: self._progressed(progress.decode(data)),
            typing.CHANNEL: lambda data: self._typed(typing.decode(data)),
        }
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as subscription:
                    await subscription.subscribe(*heard)
                    async for message in subscription.listen():
                        heard[message["channel"].decode()](message["data"])
            except Exception as error:  # whatever it is: nobody would start this loop again
                log.warning("doorbell not heard", error=repr(error))
                await asyncio.sleep(0.5)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            if not self._watched:
                continue
            try:
                rows = await fetch(_LOOK, list(self._watched))
            except Exception as error:  # as above
                log.warning("streams not looked at", error=repr(error))
                continue
            self._heard({row["id"]: row["seq"] for row in rows})
            ended = {row["id"] for row in rows if row["over"]}
            for woken in (woken for stream in ended - self._over for woken in self._watched[stream]):
                woken.set()
            self._over = ended
