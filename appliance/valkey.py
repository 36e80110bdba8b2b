"""Clients for Valkey: one that fails fast, for requests, and one that waits it out, for loops."""

from collections.abc import Iterable
from typing import Any

from redis.asyncio import Connection, ConnectionPool, Redis, SSLConnection
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import RedisError

LOST = (RedisError, OSError)


class _Link(Connection):
    """A connection whose loss always shows as one.

    Where it was lost between two commands, uvloop's transport raises RuntimeError at the next write, which no caller
    and no retry takes for what it is. asyncio's own drops the bytes.
    """

    async def send_packed_command(self, command: bytes | str | Iterable[bytes], check_health: bool = True) -> None:
        try:
            await super().send_packed_command(command, check_health)
        except RuntimeError as error:
            raise NoConnection(str(error)) from error


class _SecureLink(_Link, SSLConnection):
    """The same over TLS."""


_LINKS: dict[type[AbstractConnection], type[AbstractConnection]] = {Connection: _Link, SSLConnection: _SecureLink}


def connections(url: str, **options: Any) -> ConnectionPool:
    """A pool of connections to the Valkey at `url`, with `options` of redis.asyncio.Connection."""
    pool: ConnectionPool = ConnectionPool.from_url(url, **options)
    pool.connection_class = _LINKS.get(pool.connection_class, pool.connection_class)
    return pool


def quick(url: str) -> Redis:
    """For requests: an answer within 2 seconds or an error."""
    return Redis.from_pool(connections(url, socket_timeout=2, socket_connect_timeout=1))


def patient(url: str, answer_seconds: float | None = 15) -> Redis:
    """For loops: reconnects for ever, with back-off up to a second; a command whose answer was lost raises. One that
    only listens waits for no answer: None.
    """
    return Redis.from_pool(
        connections(
            url,
            socket_connect_timeout=2,
            socket_timeout=answer_seconds,
            socket_keepalive=True,
            retry=Retry(ExponentialBackoff(cap=1, base=0.05), -1),
            retry_on_error=[ConnectionError, TimeoutError],  # Python's own: those of connecting
        )
    )
