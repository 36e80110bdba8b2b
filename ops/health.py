"""How each kind of part is asked whether it is well. A check returns when it is and raises when not."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable

Check = Callable[[int], Awaitable[None]]
"""Takes the process id of the part that is asked for."""

TIMEOUT = 3.0


class Unwell(Exception):
    """The part answers, but not that it is well."""


async def ask(check: Check, pid: int) -> str:
    """What is wrong, in a few words; "" for a part that is well."""
    try:
        async with asyncio.timeout(TIMEOUT):
            await check(pid)
    except TimeoutError:
        return f"no answer within {TIMEOUT:.0f} s"
    except Exception as error:  # a client library's own error is as good an answer as a refused connection
        return f"{type(error).__name__}: {error}".splitlines()[0][:200]
    return ""


def http(port: int, path: str, host: str = "127.0.0.1", tls: bool = False, address: str = "127.0.0.1") -> Check:
    """Well when GET `path` on `address`:`port`, of this machine, answers 200 under the name `host`."""

    async def check(pid: int) -> None:
        context = _unverified() if tls else None
        reader, writer = await asyncio.open_connection(
            address, port, ssl=context, server_hostname=host if tls else None
        )
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
            answer = await reader.read(4096)
        finally:
            writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        status = head.split(b"\r\n", 1)[0].decode("latin-1")
        if status.split(" ")[1:2] != ["200"]:
            raise Unwell(f"{path} answers {status or 'nothing'} {body[:200].decode('utf-8', 'replace')}".strip())

    return check


def postgres(url: str) -> Check:
    """Well when it takes a connection and answers a query."""

    async def check(pid: int) -> None:
        import asyncpg

        connection = await asyncpg.connect(url, timeout=TIMEOUT)
        try:
            await connection.fetchval("select 1")
        finally:
            await connection.close(timeout=1)

    return check


def valkey(url: str) -> Check:
    """Well when it has loaded its data and takes writes from us."""

    async def check(pid: int) -> None:
        from redis.asyncio import Redis

        async with Redis.from_url(url, socket_timeout=TIMEOUT) as client:
            await client.set("darkroom:health:valkey", pid, ex=60)

    return check


def beat(url: str, part: str, host: str = "") -> Check:
    """Well when the process has said so itself within the last seconds, as appliance.beat does, and says nothing of its
    clock being apart. `host` is this one's name where there are several. With a process id of 0 any process will do.
    """
    key = f"darkroom:health:{part}" + (f"@{host}" if host else "")

    async def check(pid: int) -> None:
        from redis.asyncio import Redis

        async with Redis.from_url(url, socket_timeout=TIMEOUT) as client:
            value = await client.get(key)
        if value is None:
            raise Unwell("gives no sign of life")
        told = json.loads(value)
        if pid and told["pid"] != pid:
            raise Unwell("the last sign of life is an earlier process's")
        if told.get("clocks"):
            raise Unwell(told["clocks"])

    return check


def _unverified() -> ssl.SSLContext:
    # Our own process on loopback, whose certificate may be of an authority that nobody here trusts.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


async def nothing(pid: int) -> None:
    """For what only has to end."""
