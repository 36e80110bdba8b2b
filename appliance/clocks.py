"""Whether the clocks of who signs and who checks agree.

Links, forms and tokens hold times. One that was signed an hour ahead of storage's clock is dead, and one an hour behind
runs out as soon as it is made; so a process whose clock is apart refuses, in words that name the clock. One that signs
nothing for others says it with its beat.
"""

import asyncio
import time
from datetime import datetime
from typing import NamedTuple

from appliance.errors import Unavailable
from appliance.ledger.database import fetch
from appliance.logs import log
from storage.objects import Objects

LOOK_SECONDS = 1.0  # the pause between two looks
SELDOM_SECONDS = 5.0  # the same for one who refuses nothing, and only tells of it
_NOW = "SELECT clock_timestamp() AS now"


class ClocksApart(Unavailable):
    code = "clocks_apart"
    title = "The clocks of this appliance are apart"
    retry_after = 10


class Offset(NamedTuple):
    """How far another clock is ahead of this process's, in seconds, and how far that may be off."""

    seconds: float
    error: float

    def beyond(self, allowed: float) -> bool:
        return abs(self.seconds) > allowed + self.error


class Clocks:
    """Looks at storage's and Postgres' clocks over and over. allowed: seconds that they may be apart from this one."""

    def __init__(self, storage: Objects, allowed: float) -> None:
        self._storage = storage
        self._allowed = allowed
        self._offsets: dict[str, Offset] = {}
        self._said = ""

    async def run(self, every: float = LOOK_SECONDS) -> None:
        """Until cancelled; `every`: seconds between two looks."""
        while True:
            await asyncio.sleep(every)
            await self.look()

    async def look(self) -> None:
        """One look. What gives no answer keeps the clock that it was known to have."""
        await asyncio.gather(self._look_at_storage(), self._look_at_postgres())
        apart = self.apart()
        if bool(apart) != bool(self._said):
            log.warning("clocks apart" if apart else "clocks agree again", reason=apart)
        self._said = apart

    async def _look_at_storage(self) -> None:
        began = time.time()
        told = (await asyncio.to_thread(self._storage.state)).at
        if told is not None:
            # In whole seconds.
            self._offsets["storage"] = _offset(told.timestamp() + 0.5, 0.5, began)

    async def _look_at_postgres(self) -> None:
        began = time.time()
        try:
            told: datetime = (await fetch(_NOW))[0]["now"]
        except Unavailable:
            return
        self._offsets["postgres"] = _offset(told.timestamp(), 0.0, began)

    def apart(self) -> str:
        """Which clocks are apart and by how much, in a sentence; empty if they agree."""
        found = {name: offset for name, offset in self._offsets.items() if offset.beyond(self._allowed)}
        told = (f"{abs(o.seconds):.0f} s {'behind' if o.seconds > 0 else 'ahead of'} {n}" for n, o in found.items())
        return f"This host's clock is {' and '.join(told)}; set the clocks of all hosts by NTP" if found else ""

    def must_agree(self) -> None:
        """Raises ClocksApart."""
        if apart := self.apart():
            raise ClocksApart(apart)


def _offset(theirs: float, error: float, began: float) -> Offset:
    """Their clock against ours: it was read some time between `began` and now."""
    ended = time.time()
    return Offset(theirs - (began + ended) / 2, error + max(0.0, ended - began) / 2)
