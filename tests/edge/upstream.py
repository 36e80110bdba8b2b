"""What stands behind the edge in these tests: says what it was sent, streams, and echoes frames. Served by granian."""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_go_on = asyncio.Event()


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await _frames(receive, send)
    elif scope["type"] == "http" and scope["path"] == "/stream":
        await _stream(send)
    elif scope["type"] == "http" and scope["path"] == "/stream/go-on":
        _go_on.set()
        await _echo(scope, receive, send)
    elif scope["type"] == "http":
        await _echo(scope, receive, send)


async def _echo(scope: Scope, receive: Receive, send: Send) -> None:
    size, more = 0, True
    while more:
        message = await receive()
        size, more = size + len(message.get("body", b"")), message.get("more_body", False)
        if message["type"] == "http.disconnect":
            return
    headers = [(name.decode().lower(), value.decode()) for name, value in scope["headers"]]
    body = json.dumps({"method": scope["method"], "path": scope["path"], "headers": headers, "size": size}).encode()
    # As a careless server would: the edge has to take these away.
    own = [(b"access-control-allow-origin", b"*"), (b"access-control-allow-credentials", b"true"), (b"vary", b"accept")]
    await send({"type": "http.response.start", "status": 200, "headers": own})
    await send({"type": "http.response.body", "body": body})


async def _stream(send: Send) -> None:
    """One event, and the others once somebody has asked for them at /stream/go-on."""
    _go_on.clear()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
    for number in range(3):
        await send({"type": "http.response.body", "body": f"data: {number}\n\n".encode(), "more_body": True})
        await _go_on.wait()
    await send({"type": "http.response.body", "body": b""})


async def _frames(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        if message["type"] == "websocket.connect":
            await send({"type": "websocket.accept"})
        elif message["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": f"echo {message['text']}"})
        else:
            return
