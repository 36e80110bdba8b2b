"""Many at once, over connections of their own: clients, intake, workers and sweeps that race for the same assets."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from itertools import pairwise
from uuid import UUID

from appliance.ledger.database import fetch
from appliance.ledger.service import Bytes, Claim
from tests.ledger.book import FAILURE, Book
from tests.ledger.model.witness import holds

OWNERS = ("111", "222")
SHARED = 12  # so few assets are fought for at a time that everybody meets everybody


class Crowd:
    """One ledger, and what all know of it: the newest assets, and every lease that was ever granted."""

    def __init__(self, book: Book) -> None:
        self.book, self.ledger = book, book.ledger
        self.came: list[Bytes] = []
        self.leases: list[Claim] = []
        self.done: list[tuple[UUID, UUID]] = []  # asset and lease of each result that was taken
        self.moves: tuple[Callable[[random.Random], Awaitable[object]], ...] = (
            *(self._open, self._batch, self._arrive, self._arrive, self._claim, self._claim, self._finish, self._fail),
            *(self._give_back, self._retry, self._expire, self._remove, self._bury, self._run_out, self._sweep),
        )

    async def fight(self, members: int, rounds: int, seed: int) -> None:
        """So many members, each with so many moves of its own choice."""
        await asyncio.gather(*(self._member(random.Random(seed + n), rounds) for n in range(members)))

    async def _member(self, dice: random.Random, rounds: int) -> None:
        for _ in range(rounds):
            await dice.choice(self.moves)(dice)

    def _some(self, dice: random.Random) -> list[Bytes]:
        newest = self.came[-SHARED:]
        return dice.choices(newest, k=dice.randint(1, 6)) if newest else []

    def _ids(self, dice: random.Random) -> list[UUID]:
        return [came.asset for came in self._some(dice)]

    async def _open(self, dice: random.Random) -> None:
        owner = dice.choice(OWNERS)
        self.came.append(self.book.bytes(await self.book.slot(owner), owner=owner))

    async def _batch(self, dice: random.Random) -> None:
        """What intake hands on at once, of all projects."""
        batch = [self.book.bytes(await self.book.slot(owner), owner=owner) for owner in 2 * OWNERS]
        self.came += batch
        await self.ledger.arrive("originals", batch)

    async def _arrive(self, dice: random.Random) -> None:
        """In batches, of which some tell of a replay."""
        came = self._some(dice)
        if came and dice.random() < 0.3:
            came[0] = self.book.bytes(came[0].asset, owner=came[0].key.split("/")[1])
        unique = {held.asset: held for held in came}
        await self.ledger.arrive("originals", list(unique.values()))

    async def _claim(self, dice: random.Random) -> None:
        for asset in self._ids(dice):
            if claim := await self.ledger.claim(asset, 30):
                self.leases.append(claim)

    async def _finish(self, dice: random.Random) -> None:
        for claim in self.leases[-3:]:
            if await self.book.finish(claim):
                self.done.append((claim.id, claim.lease))

    async def _fail(self, dice: random.Random) -> None:
        if self.leases:
            await self.ledger.fail(dice.choice(self.leases[-SHARED:]), FAILURE)

    async def _give_back(self, dice: random.Random) -> None:
        if self.leases:
            await self.ledger.give_back(dice.choice(self.leases[-SHARED:]), 0)

    async def _retry(self, dice: random.Random) -> None:
        await self.ledger.retry(self._ids(dice))

    async def _expire(self, dice: random.Random) -> None:
        await self.ledger.expire(self._ids(dice)[:1])

    async def _remove(self, dice: random.Random) -> None:
        await self.ledger.remove(self._ids(dice)[:1])

    async def _bury(self, dice: random.Random) -> None:
        for asset in self._ids(dice):
            await self.ledger.bury(asset)

    async def _run_out(self, dice: random.Random) -> None:
        """Leases run out."""
        await fetch(
            "UPDATE ledger.assets SET lease_until = now() - interval '1 second' WHERE id = ANY ($1)",
            self._ids(dice)[:1],
        )

    async def _sweep(self, dice: random.Random) -> None:
        await self.ledger.give_up()
        await fetch("SELECT * FROM ledger.look_up(10)")
        await fetch("SELECT * FROM ledger.erase_due(10)")
        await fetch("SELECT * FROM ledger.open_jobs('images', 10)")


class Follower:
    """A reader of one stream that never looks back. `seen`: the numbers it has been told of."""

    def __init__(self, stream: int) -> None:
        self.stream = stream
        self.seen: list[int] = []
        self.ending = asyncio.Event()

    async def follow(self) -> None:
        """Until `ending`, and once more. Raises Broken if a number came after a later one."""
        last = False
        while not last:
            last = self.ending.is_set()
            after = self.seen[-1] if self.seen else 0
            self.seen += [
                row["seq"]
                for row in await fetch(
                    "SELECT seq FROM ledger.events WHERE stream = $1 AND seq > $2 ORDER BY seq", self.stream, after
                )
            ]
        gaps = [(a, b) for a, b in pairwise([0, *self.seen]) if b != a + 1]
        holds(not gaps, f"a follower of stream {self.stream} was told of {gaps[:3]} one after the other")
