"""Under which public address a request came in. The Host header is only believed if it is one of ours."""

from urllib.parse import urlsplit

from litestar.connection import ASGIConnection

from appliance.config import Config
from appliance.files.versions import Linker
from storage.links import Links


def public_url(connection: ASGIConnection, config: Config) -> str:
    """The public address whose host the request names, else the first. Links must work where the reader is."""
    host = connection.headers.get("host", "")
    for url in config.public_urls:
        if urlsplit(url).netloc == host:
            return url
    return config.public_urls[0]


def linker(connection: ASGIConnection, config: Config, links: Links) -> Linker:
    """What makes links for the reader behind this connection."""
    return Linker(links, public_url(connection, config), connection.app.state["clocks"].must_agree)
