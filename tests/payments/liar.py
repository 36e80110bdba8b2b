"""A node that does not tell the truth: between the real one and whoever asks."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import ClientSession, web

Lie = Callable[[str, Any], Any]
"""Method and true result → what is told in its place; bytes are sent as they are, in place of the whole answer."""


@asynccontextmanager
async def liar(truth: str, lie: Lie) -> AsyncIterator[str]:
    """Its address."""
    async with ClientSession() as session:

        async def told(request: web.Request) -> web.StreamResponse:
            asked = await request.json()
            async with session.post(truth, json=asked) as answer:
                known = await answer.json()
            instead = lie(asked["method"], known.get("result"))
            if isinstance(instead, web.StreamResponse):
                return instead
            body = instead if isinstance(instead, bytes) else msgspec.json.encode(known | {"result": instead})
            return web.Response(body=body, content_type="application/json")

        served = web.Application()
        served.router.add_post("/{path:.*}", told)
        runner = web.AppRunner(served)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()
