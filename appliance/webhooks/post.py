"""One message to one receiver: over a connection to an address that was checked, and with everything bounded."""

import socket
import ssl
import time
from types import TracebackType
from typing import NamedTuple

from aiohttp import (
    AddrInfoType,
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientSSLError,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
)
from aiohttp.abc import AbstractResolver

from appliance.webhooks import signing
from appliance.webhooks.addresses import Reach

KEEP_SECONDS = 2.0  # a connection left idle for longer may be closed by its receiver just when it is used again
LONGEST_WAIT = 3600.0
FIXED = {"Content-Type": "application/json", "User-Agent": "Darkroom-Webhooks", "Accept-Encoding": "identity"}
NOT_PUBLIC = "its address is not public, and the operator has not allowed it"


class Outcome(NamedTuple):
    """What came of it. `error` is empty when the receiver has taken it; `wait`: seconds it asked to be left alone."""

    milliseconds: int
    status: int | None = None
    error: str = ""
    gone: bool = False
    wait: float = 0.0


class _NotPublic(OSError):
    """The address that was about to be connected to."""


class Post:
    """Sends messages. `resolver` and `trust` are the system's unless given."""

    def __init__(
        self,
        reach: Reach,
        seconds: float,
        resolver: AbstractResolver | None = None,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._reach = reach
        self._seconds = seconds
        self._resolver = resolver
        self._trust = trust

    async def __aenter__(self) -> "Post":
        connector = TCPConnector(
            # Names are looked up anew for each connection, and what is connected to is what `_socket` has seen.
            socket_factory=self._socket,
            resolver=self._resolver,
            use_dns_cache=False,
            ssl=self._trust or True,
            limit=0,
            keepalive_timeout=KEEP_SECONDS,
        )
        self._session = ClientSession(
            connector=connector,
            timeout=ClientTimeout(total=self._seconds),
            cookie_jar=DummyCookieJar(),
            headers=FIXED,
            auto_decompress=False,
            trust_env=False,
        )
        return self

    async def __aexit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._session.close()

    def _socket(self, address: AddrInfoType) -> socket.socket:
        """The socket for one connection. The one place that refuses: behind DNS, literals and all their spellings."""
        family, kind, protocol, _, place = address
        if not self._reach.permits(str(place[0])):
            raise _NotPublic(NOT_PUBLIC)
        return socket.socket(family, kind, protocol)

    async def send(self, url: str, secret: str, identity: str, body: bytes) -> Outcome:
        """Sends `body` under `identity`, signed now. Raises nothing that the network or the receiver could cause."""
        began = time.monotonic()
        try:
            headers = signing.headers(secret, identity, int(time.time()), body)
            # The body of the answer is not waited for: what has not come by then goes with the connection.
            async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as answer:
                found = _judged(answer)
        except (ClientError, TimeoutError, OSError, ValueError) as error:
            found = Outcome(0, error=self._reason(error))
        return found._replace(milliseconds=round((time.monotonic() - began) * 1000))

    def _reason(self, error: Exception) -> str:
        """What failed, in words for whoever owns the webhook; nothing of what is inside our network."""
        if isinstance(error, TimeoutError):
            return f"no answer within {self._seconds:g} s"
        if isinstance(error, ClientConnectorDNSError):
            return "its name can't be resolved"
        if isinstance(error, ClientSSLError):
            return "its certificate can't be verified, or TLS failed"
        if isinstance(error, ClientConnectorError):
            return NOT_PUBLIC if NOT_PUBLIC in str(error.os_error) else "it can't be connected to"
        return "the connection broke, or its answer was no HTTP"


def _judged(answer: ClientResponse) -> Outcome:
    if 200 <= answer.status < 300:
        return Outcome(0, answer.status)
    more = "; redirects are not followed" if 300 <= answer.status < 400 else ""
    wait = answer.headers.get("Retry-After", "")
    seconds = min(float(wait), LONGEST_WAIT) if wait.isascii() and wait.isdigit() else 0.0
    return Outcome(0, answer.status, f"it answered {answer.status}{more}", answer.status == 410, seconds)
