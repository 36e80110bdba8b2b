"""Clients for Valkey: one that fails fast, for requests, and one that waits it out, for loops."""

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import RedisError

LOST = (RedisError, OSError)


def quick(url: str) -> Redis:
    """For requests: an answer within 2 seconds or an error."""
    return Redis.from_url(url, socket_timeout=2, socket_connect_timeout=1)


def patient(url: str, answer_seconds: float | None = 15) -> Redis:
    """For loops: reconnects for ever, with back-off up to a second; a command whose answer was lost raises. One that
    only listens waits for no answer: None.
    """
    retry = Retry(ExponentialBackoff(cap=1, base=0.05), -1)
    return Redis.from_url(
        url,
        socket_connect_timeout=2,
        socket_timeout=answer_seconds,
        socket_keepalive=True,
        retry=retry,
        retry_on_error=[ConnectionError, TimeoutError],  # Python's own: those of connecting
    )
