"""What the board is read from."""

from typing import NamedTuple

from redis.asyncio import Redis

from appliance.config import Settings
from storage.objects import Objects


class Sources(NamedTuple):
    """Valkey, storage by a key that may read, and the settings; the ledger is asked by the process's own pool."""

    redis: Redis
    reader: Objects
    settings: Settings
