"""How far the work on a file is: told while it goes on, never stored in the ledger, where only facts are.

Valkey keeps what was told last of each file for a minute, for who asks, and publishes it, for who listens. Lost, it
comes again with the next second.
"""

import asyncio
from uuid import UUID

import msgspec
from redis.asyncio import Redis

from appliance.logs import log
from appliance.valkey import LOST, quick

CHANNEL = "darkroom:progress"
KEY = "darkroom:progress:"
KEPT_SECONDS = 60


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
        self._something = asyncio.Event()

    def tell(self, stream: int, asset: UUID, progress: Progress) -> None:
        """Notes how far an asset of `stream` is: the newest word counts. Never blocks, never raises."""
        self._pending[asset] = Told(stream, asset, progress)
        self._something.set()

    async def run(self) -> None:
        """Tells it, until cancelled."""
        while True:
            await self._something.wait()
            self._something.clear()
            told, self._pending = self._pending, {}
            try:
                async with self._redis.pipeline(transaction=False) as pipe:
                    for one in told.values():
                        pipe.set(f"{KEY}{one.asset}", encode(one.progress), ex=KEPT_SECONDS)
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
