"""The caretaker's report as a verb reads it."""

from typing import Any

TIMEOUT = 3.0


async def report(valkey_url: str) -> dict[str, Any] | None:
    """As it was told last; None where there is none, or Valkey does not answer."""
    from redis.asyncio import Redis
    from redis.exceptions import RedisError

    from appliance.care import report

    async with Redis.from_url(valkey_url, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT) as client:
        try:
            return await report.last(client)
        except (RedisError, OSError):
            return None
