"""The page served from somewhere else: another origin, with the API's address written into it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

WEB = Path(__file__).parents[2] / "web"


@asynccontextmanager
async def served_elsewhere(api: str, port: int = 0) -> AsyncIterator[str]:
    """Serves web/ on a port of its own for the API at `api`; gives its origin."""
    page = (WEB / "index.html").read_text().replace('"darkroom-api" content=""', f'"darkroom-api" content="{api}"')
    socket = api.replace("http", "ws", 1)
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' {api}; "
        f"media-src {api}; connect-src {api} {socket}"
    )

    async def index(_: web.Request) -> web.Response:
        return web.Response(text=page, content_type="text/html", headers={"Content-Security-Policy": policy})

    app = web.Application()
    app.router.add_get("/", index)
    app.router.add_static("/web", WEB)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
