"""How far the work on a file is: told while it goes on, never stored in the ledger, where only facts are.

Valkey keeps what was told last of each file for a minute, for who asks, and publishes it, for who listens. Lost, it
comes again with the next word, or when its worker says that this still holds.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

import msgspec
from redis.asyncio import Redis

from appliance.logs import log
from appliance.valkey import LOST, quick

CHANNEL = "darkroom:progress"
KEY = "darkroom:progress:"
KEPT_SECONDS = 60
REPEAT_SECONDS = KEPT_SECONDS / 3
"""At most between two words, where somebody is at work, so that one may be lost."""
GUESSED_SECONDS = 10.0  # for how long the time that is left is believed, if nobody told of it since


class Progress(msgspec.Struct, frozen=True):
    """step: what is being done. percent: of all that is done with the file, 0 to 100. left: seconds until that is over;
    None while nobody knows.
    """

    step: str
    percent: float
    left: float | None = None


class Told(msgspec.Struct, frozen=True, array_like=True):
    """A message on the channel: of which asset, in which stream."""

    stream: int
    asset: UUID
    progress: Progress


encode = msgspec.msgpack.encode
decode = msgspec.msgpack.Decoder(Told).decode
_decode_progress = msgspec.msgpack.Decoder(Progress).decode


class Teller:
    """Tells what this process is at."""

    def __init__(self, url: str) -> None:
        self._redis = quick(url)
        self._pending: dict[UUID, Told] = {}
        self._repeated: dict[UUID, Progress] = {}
        self._last: dict[UUID, tuple[float, Told]] = {}
        self._something = asyncio.Event()

    @contextmanager
    def working(self, stream: int, asset: UUID, first: Progress) -> Iterator[None]:
        """Tells the first word of a piece of work. While the block lasts, the last one can be said again."""
        self._last[asset] = (time.monotonic(), Told(stream, asset, first))
        self.tell(stream, asset, first)
        try:
            yield
        finally:
            self._last.pop(asset, None)

    def tell(self, stream: int, asset: UUID, progress: Progress) -> None:
        """Notes how far an asset of `stream` is: the newest word counts. Never blocks, never raises."""
        self._pending[asset] = told = Told(stream, asset, progress)
        if asset in self._last:
            self._last[asset] = (time.monotonic(), told)
        self._something.set()

    def still(self, asset: UUID) -> None:
        """The last word about work that goes on still holds: it is kept for who asks, and nobody is woken for it."""
        if asset not in self._last:
            return
        at, told = self._last[asset]
        left = told.progress.left if time.monotonic() - at < GUESSED_SECONDS else None
        self._repeated[asset] = msgspec.structs.replace(told.progress, left=left)
        self._something.set()

    async def run(self) -> None:
        """Tells it, until cancelled."""
        while True:
            await self._something.wait()
            self._something.clear()
            told, self._pending = self._pending, {}
            repeated, self._repeated = self._repeated, {}
            kept = repeated | {asset: one.progress for asset, one in told.items()}
            try:
                async with self._redis.pipeline(transaction=False) as pipe:
                    for asset, progress in kept.items():
                        pipe.set(f"{KEY}{asset}", encode(progress), ex=KEPT_SECONDS)
                    for one in told.values():
                        pipe.publish(CHANNEL, encode(one))
                    await pipe.execute()
            except LOST as error:
                log.warning("progress not told", error=type(error).__name__)


async def last_told(redis: Redis, asset: UUID) -> Progress | None:
    """What was told of an asset last; None where nothing was lately, or nobody knows at the moment."""
    try:
        found = await redis.get(f"{KEY}{asset}")
    except LOST:
        return None
    return _decode_progress(found) if found else None


async def told_of(redis: Redis, assets: Sequence[UUID]) -> dict[UUID, Progress]:
    """The same of several at once; those of which nothing was told lately are left out."""
    try:
        found = await redis.mget([f"{KEY}{asset}" for asset in assets]) if assets else []
    except LOST:
        return {}
    return {asset: _decode_progress(one) for asset, one in zip(assets, found, strict=True) if one}
