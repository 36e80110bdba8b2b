"""Under which public address a request came in. The Host header is only believed if it is one of ours."""

from urllib.parse import urlsplit

from litestar.connection import ASGIConnection

from appliance.config import Config
from appliance.images.versions import Linker
from storage.links import Links


def public_url(connection: ASGIConnection, config: Config) -> str:
    """The public address whose host the request names, else the first. Links must work where the reader is."""
    host = connection.headers.get("host", "")
    for url in config.public_urls:
        if urlsplit(url).netloc == host:
            return url
    return config.public_urls[0]


def address(connection: ASGIConnection) -> str:
    """The client's address: the edge's word, which replaces whatever a client says of itself."""
    said = connection.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()
    return said or (connection.client.host if connection.client else "")


def linker(connection: ASGIConnection, config: Config, links: Links) -> Linker:
    """What makes links for the reader behind this connection."""
    return Linker(links, public_url(connection, config), connection.app.state["clocks"].must_agree)
