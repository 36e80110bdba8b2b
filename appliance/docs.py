"""The API's page: Swagger UI from its registry package, nothing from elsewhere, nothing inline."""

from importlib.metadata import files
from pathlib import Path
from typing import Any

from litestar import MediaType, Request, Response, Router, get
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.response import File

from appliance.description import described
from appliance.errors import NotFound

VERSION = "0.1.0"
PACKAGE = "drf-spectacular-sidecar"
ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}

# Swagger UI sets styles from its script and draws its icons from data URLs; it needs nothing else.
POLICY = "; ".join(
    (
        *("default-src 'none'", "script-src 'self'", "style-src 'self' 'unsafe-inline'", "img-src 'self' data:"),
        *("connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"),
    )
)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Darkroom API</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="/docs/favicon-32x32.png"><link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="page"></div>
<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>
"""
# Closed groups: of 150 rows and more the page would have only those that are in sight.
START = """SwaggerUIBundle({
    url: "/openapi.json", dom_id: "#page", docExpansion: "none", deepLinking: true, validatorUrl: null
});
"""


def description_config() -> OpenAPIConfig:
    """How the API describes itself: every call takes a bearer key or token."""
    bearer = SecurityScheme(type="http", scheme="bearer", description="A server key or a token")
    return OpenAPIConfig(
        title="Darkroom",
        version=VERSION,
        path="/openapi",
        render_plugins=[JsonRenderPlugin()],  # none given would mean all of them, with scripts from elsewhere
        components=Components(security_schemes={"bearer": bearer}),
        security=[{"bearer": []}],
    )


def _installed(name: str) -> Path:
    """Where the package put one of its files."""
    for file in files(PACKAGE) or ():
        if file.parent.name == "swagger-ui-dist" and file.name == name:
            return Path(str(file.locate()))
    raise NotFound


@get("/docs", opt={"public": True}, include_in_schema=False, media_type=MediaType.HTML)
async def page() -> Response[str]:
    return Response(PAGE, media_type=MediaType.HTML, headers={"Content-Security-Policy": POLICY})


@get("/docs/start.js", opt={"public": True}, include_in_schema=False, media_type="text/javascript")
async def start() -> str:
    return START


@get("/docs/{name:str}", opt={"public": True}, include_in_schema=False)
async def asset(name: str) -> File:
    if name not in ASSETS:
        raise NotFound
    return File(path=_installed(name), content_disposition_type="inline", media_type=ASSETS[name])


@get("/openapi.json", opt={"public": True}, include_in_schema=False)
async def description(request: Request) -> dict[str, Any]:
    return described(request.app)


router = Router("/", route_handlers=[page, start, asset, description])
