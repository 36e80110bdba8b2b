"""HEAD: what GET would answer, without a body (RFC 9110, 9.3.2). Health checkers ask so."""

from typing import cast

from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    HTTPScope,
    Message,
    Receive,
    Scope,
    Send,
    WebSocketReceiveMessage,
)


def answering_head(app: ASGIApp) -> ASGIApp:
    """`app`, with HEAD answered wherever GET is. Of a stream nothing is sent but its headers: it ends as it begins."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") != "HEAD":
            await app(scope, receive, send)
            return
        answered = False

        async def headers_only(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.start":
                answered = True
                await send(message)
                await send({"type": "http.response.body", "body": b"", "more_body": False})

        async def heard() -> HTTPReceiveMessage | WebSocketReceiveMessage:
            return {"type": "http.disconnect"} if answered else await receive()

        await app(cast(HTTPScope, {**scope, "method": "GET"}), heard, headers_only)

    return wrapped
