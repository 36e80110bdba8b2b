"""Valkey's lists and the queue of jobs, as far as intake uses them."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any
from uuid import UUID

from redis.exceptions import ConnectionError as Refused

from appliance.queue import BACKFILL, job_id
from tests.ledger.model.pacing import pause

WINDOW = 6  # small, so that it is full at times


class Drained(Exception):
    """Nothing is left to be waited for."""


class Valkey:
    """Lists and jobs. While it is `away`, every call fails; `flush` empties it."""

    def __init__(self) -> None:
        self.lists: defaultdict[str, list[bytes]] = defaultdict(list)
        self.jobs: dict[str, UUID] = {}
        self.away = False

    def flush(self) -> None:
        self.lists.clear()
        self.jobs.clear()

    def push(self, name: str, element: bytes) -> bool:
        """As storage does; what it can't deliver is lost."""
        if not self.away:
            self.lists[name].append(element)
        return not self.away

    async def answer(self) -> None:
        await pause()
        if self.away:
            raise Refused("Valkey is away")

    async def lrange(self, name: str, first: int, last: int) -> list[bytes]:
        await self.answer()
        return self.lists[name][first : last + 1]

    async def llen(self, name: str) -> int:
        await self.answer()
        return len(self.lists[name])

    async def blmove(self, source: str, target: str, seconds: float, *_: str) -> bytes:
        """Where the real one would wait, this one raises Drained."""
        await self.answer()
        if not self.lists[source]:
            raise Drained
        self.lists[target].append(self.lists[source].pop(0))
        return self.lists[target][-1]

    def pipeline(self, transaction: bool) -> "Pipeline":
        return Pipeline(self)


class Pipeline:
    """Commands that are sent together."""

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey
        self._commands: list[Any] = []

    async def __aenter__(self) -> "Pipeline":
        return self

    async def __aexit__(self, *_: object) -> None:
        return None

    def lmove(self, source: str, target: str, *_: str) -> None:
        def move() -> bytes | None:
            lists = self._valkey.lists
            if not lists[source]:
                return None
            lists[target].append(lists[source].pop(0))
            return lists[target][-1]

        self._commands.append(move)

    def lrem(self, name: str, count: int, element: bytes) -> None:
        def remove() -> None:
            if element in self._valkey.lists[name]:
                self._valkey.lists[name].remove(element)

        self._commands.append(remove)

    async def execute(self) -> list[Any]:
        await self._valkey.answer()
        return [command() for command in self._commands]


class Queue:
    """The window of one lane."""

    window = WINDOW

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey

    async def room(self, lane: str) -> int:
        await self._valkey.answer()
        waiting = len(self._valkey.jobs)
        return self.window - waiting if waiting < self.window / 2 else 0

    async def waiting(self, lane: str) -> set[str]:
        await self._valkey.answer()
        return set() if lane == BACKFILL else set(self._valkey.jobs)  # nothing of a library is in the model

    async def put(self, lane: str, asset: UUID, attempt: int, behind: bool = False, worth: float | None = None) -> None:
        await self._valkey.answer()
        self._valkey.jobs.setdefault(job_id(asset, attempt), asset)

    async def withdraw(self, lane: str, identities: Collection[str]) -> set[str]:
        await self._valkey.answer()
        return {one for one in identities if self._valkey.jobs.pop(one, None) is not None}
