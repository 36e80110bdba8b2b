"""The report on storage that the caretaker keeps in Valkey: how whoever has no administrator's key knows of it.

It is short-lived: where the caretaker has ended there is none, rather than one that was true once.
"""

from typing import Any

import msgspec
from redis.asyncio import Redis

KEY = "darkroom:cluster"
KEPT_SECONDS = 60
NOBODY = (
    "Nobody has looked at storage in the last minute: see with ./ops/status whether the part caretaker is well. "
    "Where DARKROOM_STORAGE_ROOT is not given (storage of others) there is none."
)


async def last(redis: Redis) -> dict[str, Any] | None:
    """The report as it was told last; None where there is none. Raises RedisError."""
    told = await redis.get(KEY)
    report: dict[str, Any] | None = msgspec.json.decode(told) if told else None
    return report


async def tell(redis: Redis, report: dict[str, Any]) -> None:
    """Raises RedisError."""
    await redis.set(KEY, msgspec.json.encode(report), ex=KEPT_SECONDS)
