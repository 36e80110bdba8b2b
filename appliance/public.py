"""Under which public address a request came in. The Host header is only believed if it is one of ours."""

import time
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection

from appliance.accounts.whose import Whose
from appliance.config import Config
from appliance.files.versions import Home, Linker
from appliance.renders.signing import Signatures
from storage.links import Links


def public_url(connection: ASGIConnection, config: Config) -> str:
    """The public address whose host the request names, else the first. Links must work where the reader is."""
    host = connection.headers.get("host", "")
    for url in config.public_urls:
        if urlsplit(url).netloc == host:
            return url
    return config.public_urls[0]


def made_links(config: Config) -> Links:
    """What signs links with the key that may only read."""
    key, windows = config.key("reader_key"), (config.link_seconds, config.chat_link_seconds)
    return Links(key.access, key.secret, windows[0], config.endpoint(), windows[1])


def linker(connection: ASGIConnection, config: Config, links: Links) -> Linker:
    """What makes links for the reader behind this connection."""
    signatures: Signatures = connection.app.state["signatures"]

    def playlist(place: Home, name: str) -> str:
        # The end of the next window, as links have it, so that browsers find what they have kept.
        window = links.window(place.root)
        expires = (int(time.time()) // window + 2) * window
        signature = signatures.sign(Whose(place.root, place.owner), place.asset, (name,), expires)
        return f"/files/{place.asset}/playlists/{name}?sig={signature}"

    return Linker(links, public_url(connection, config), connection.app.state["clocks"].must_agree, playlist)
