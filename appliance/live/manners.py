"""What a websocket's client may do: read in time, and send little. Whoever does otherwise is told so, and let go.

A reader is served from the ledger as fast as it reads: nothing is queued for it but one page. What it was not told it
gets when it comes back with its cursor.
"""

import asyncio
import time
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from typing import Any

from litestar import Request, WebSocket
from litestar.exceptions import WebSocketDisconnect
from litestar.types import ASGIApp, Receive, Scope, Send

from appliance.config import current
from appliance.live.alarm import Alarm
from appliance.live.presenting import encode
from appliance.metrics import count

MOST_BYTES = 64 * 1024  # of one message of a client
MOST_MESSAGES, PER_SECONDS = 100, 10.0  # a client has nothing to say at all
TOO_LARGE, TOO_SLOW, TOO_MANY = 1009, 4408, 4429  # RFC 6455, 7.4.1; and 4000 with HTTP's status
_HELD = "held_until_answered"  # in a request's state


class Unmannerly(Exception):
    """Why a connection is ended: a close code, and a reason for whoever wrote the client."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


async def tell(socket: WebSocket, message: dict[str, Any]) -> None:
    """Sends a message. Raises Unmannerly when the client, and what lies between, did not take it in time."""
    await Outbound(socket).text(encode(message).decode())


class Outbound:
    """What one task sends to a client, each message to be taken in time."""

    def __init__(self, socket: WebSocket) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._socket, self._task, self._cancelled = socket, task, task.cancelling()
        self._alarm = Alarm(current().live_send_seconds, self._ring)
        self._late = False

    def _ring(self) -> None:
        self._late = True
        self._task.cancel()

    async def text(self, text: str) -> None:
        """Sends a message that is written already. Raises Unmannerly as `tell` does."""
        self._alarm.set()
        try:
            await self._socket.send_text(text)
        except asyncio.CancelledError:
            if not self._late or self._task.uncancel() > self._cancelled:
                raise
        finally:
            self._alarm.off()
        if self._late:
            raise Unmannerly(TOO_SLOW, "you read too slowly: come back with the last seq you have")


async def heed(socket: WebSocket) -> None:
    """Reads and drops what a client sends, until it leaves: its acknowledgement is the cursor it comes back with.

    Raises Unmannerly for what is too large or too much.
    """
    began, messages = time.monotonic(), 0
    with suppress(WebSocketDisconnect):
        while True:
            if _size(await socket.receive()) > MOST_BYTES:
                raise Unmannerly(TOO_LARGE, f"a message may have {MOST_BYTES} bytes")
            if time.monotonic() - began > PER_SECONDS:
                began, messages = time.monotonic(), 0
            messages += 1
            if messages > MOST_MESSAGES:
                raise Unmannerly(TOO_MANY, "too many messages")


def _size(event: Any) -> int:
    """The bytes of a message, as near as need be. Raises WebSocketDisconnect when there is none any more."""
    if event["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(detail="gone", code=event.get("code", 1006))
    text = event.get("text")
    if text is None:
        return len(event.get("bytes") or b"")
    return len(text) if len(text) > MOST_BYTES else len(text.encode())


async def dismiss(socket: WebSocket, error: Unmannerly) -> None:
    """Ends a connection with its code, if the client takes it in time; else without."""
    count("readers_dismissed", code=str(error.code))
    with suppress(TimeoutError, RuntimeError):
        async with asyncio.timeout(current().live_send_seconds):
            await socket.close(code=error.code, reason=error.reason)


def in_time(app: ASGIApp) -> ASGIApp:
    """The same for a stream over HTTP: one that is not read for as long ends, its reader may come back."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        late = False

        async def bounded(message: Any) -> None:
            nonlocal late
            try:
                async with asyncio.timeout(current().live_send_seconds):
                    await send(message)
            except TimeoutError:
                late = True
                raise

        try:
            await app(scope, receive, bounded)
        except Exception:  # the framework makes errors of its own of ours
            if not late:
                raise
            count("readers_dismissed", code=str(TOO_SLOW))

    return wrapped


def holding(app: ASGIApp) -> ASGIApp:
    """For a route that holds something while it is answered."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async with AsyncExitStack() as scope["state"][_HELD]:
            await app(scope, receive, send)

    return wrapped


async def until_answered(request: Request, held: AbstractAsyncContextManager[None]) -> None:
    """Holds something until the answer of a route that is `holding` has gone out, or can't; raises what it raises.

    The answer's own stream could not: it may never be begun.
    """
    stack: AsyncExitStack = request.scope["state"][_HELD]
    await stack.enter_async_context(held)
