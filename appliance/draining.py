"""No answer before its request has been read to the end. Whoever is answered in the middle of a body may not get to see
the answer: a server that closes then resets what it has sent (RFC 9112, 9.6), and a proxy in between says that the part
does not answer, or takes the rest of the body for the next request.
"""

import asyncio
from contextlib import suppress
from typing import cast

from litestar.types import ASGIApp, HTTPReceiveMessage, HTTPScope, Message, Receive, Scope, Send

SECONDS, STRANGERS_SECONDS = 30.0, 5.0  # at most, then the answer has to be tried: a body may never come


def draining(app: ASGIApp) -> ASGIApp:
    """`app`, whose answers wait for the ends of the requests that have a body."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _has_body(cast(HTTPScope, scope)):
            body = _Body(cast(HTTPScope, scope), receive, send)
            await app(scope, body.receive, body.send)
        else:
            await app(scope, receive, send)

    return wrapped


def _has_body(scope: HTTPScope) -> bool:
    headers = dict(scope["headers"])
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"


class _Body:
    def __init__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        self._scope, self._receive, self._send = scope, receive, send
        self._ended = False

    async def receive(self) -> HTTPReceiveMessage:
        message = cast(HTTPReceiveMessage, await self._receive())
        self._ended |= message["type"] != "http.request" or not message.get("more_body")
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            known = "caller" in self._scope.get("state", {})
            with suppress(TimeoutError):
                async with asyncio.timeout(SECONDS if known else STRANGERS_SECONDS):
                    while not self._ended:
                        await self.receive()
        await self._send(message)
