"""Under which addresses the appliance is reached, and which web origins may use it: recorded with the data folder."""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from ops.folder import DataFolder

FILE = "site.json"
PORT = 8080
STANDARD = {"http": 80, "https": 443}


class BadAddress(ValueError):
    """An address that can't be what was meant; the message says what is wrong with it."""


@dataclass(frozen=True)
class Site:
    port: int = PORT
    """Where the edge listens."""
    urls: tuple[str, ...] = ()
    """Public addresses, the first of them the default; none: this machine alone."""
    origins: tuple[str, ...] = ()
    certificate: bool = False
    """Whether edge/tls holds a certificate that was given, where otherwise the edge makes its own."""
    s3_port: int = 0
    """Where other programs reach S3; 0: nowhere."""
    s3_urls: tuple[str, ...] = ()
    """Under which addresses; none: from this machine alone."""

    @property
    def bind(self) -> str:
        """The address the edge listens on: loopback until somebody says under which name others come."""
        return "0.0.0.0" if self.urls else "127.0.0.1"

    @property
    def public_urls(self) -> tuple[str, ...]:
        return self.urls or (f"http://127.0.0.1:{self.port}", f"http://localhost:{self.port}")

    @property
    def tls(self) -> bool:
        return any(url.startswith("https:") for url in self.urls)

    @property
    def certified(self) -> bool:
        """Whether any listener shows a certificate."""
        return any(url.startswith("https:") for url in (*self.urls, *self.s3_urls))

    @property
    def s3_bind(self) -> str:
        return "0.0.0.0" if self.s3_urls else "127.0.0.1"

    @property
    def s3_public_urls(self) -> tuple[str, ...]:
        """Where other programs reach S3; empty where they don't."""
        return self.s3_urls or ((f"http://127.0.0.1:{self.s3_port}",) if self.s3_port else ())


def load(folder: DataFolder) -> Site:
    """What was recorded by an earlier start, or the defaults."""
    known = folder.read(FILE)
    return Site(
        port=int(known.get("port", PORT)),
        urls=tuple(known.get("urls", ())),
        origins=tuple(known.get("origins", ())),
        certificate=bool(known.get("certificate", False)),
        s3_port=int(known.get("s3_port", 0)),
        s3_urls=tuple(known.get("s3_urls", ())),
    )


def record(folder: DataFolder, site: Site) -> None:
    if site != load(folder):
        folder.write(FILE, asdict(site))


def changed(
    site: Site,
    port: int | None,
    urls: Sequence[str] | None,
    origins: Sequence[str] | None,
    certificate: bool | None,
    s3_port: int | None = None,
    s3_urls: Sequence[str] | None = None,
) -> Site:
    """`site` with what was given this time; a list that was given replaces the recorded one. Raises BadAddress.

    With --url and without --port the edge takes the port that the first URL names, and so does S3 for others; that is
    closed by its port 0.
    """
    given: dict[str, Any] = {**_listener("", port, urls), **_listener("s3_", s3_port, s3_urls)}
    if s3_port == 0:
        given["s3_urls"] = ()
    if origins is not None:
        given["origins"] = tuple(base(origin) for origin in origins if origin)
    if certificate is not None:
        given["certificate"] = certificate
    result = replace(site, **given)
    for listener in (result.urls, result.s3_urls):
        if len({url.split(":", 1)[0] for url in listener}) > 1:
            raise BadAddress("all --url must be http:// or all https://, and all --s3-url: they share one port")
    if result.port == result.s3_port:
        raise BadAddress(f"port {result.port} can't be the edge's and that of S3, too: give --s3-port another one")
    return result


def _listener(which: str, port: int | None, urls: Sequence[str] | None) -> dict[str, Any]:
    """The fields of one listener that were given."""
    given: dict[str, Any] = {}
    if urls is not None:
        given[f"{which}urls"] = tuple(base(url) for url in urls if url)
        if given[f"{which}urls"] and port is None:
            port = port_of(given[f"{which}urls"][0])
    if port is not None:
        given[f"{which}port"] = port
    return given


def base(url: str) -> str:
    """`url` as a browser writes an origin: scheme://host[:port], without the port that its scheme has anyway.

    Raises BadAddress for anything that is more or less than that.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BadAddress(f"{url!r} is no address: {error}") from error
    host = parts.hostname or ""
    if parts.scheme not in STANDARD or not re.fullmatch(r"[a-z0-9.-]+|[0-9a-f.]*:[0-9a-f:.]*", host) or port == 0:
        raise BadAddress(f"{url!r} is no address like https://photos.lan or http://192.168.1.5:8080")
    if parts.path not in ("", "/") or parts.query or parts.fragment or parts.username is not None:
        raise BadAddress(f"{url!r} must be scheme, name and port alone, as {parts.scheme}://{host}")
    name = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{name}" + (f":{port}" if port and port != STANDARD[parts.scheme] else "")


def port_of(url: str) -> int:
    parts = urlsplit(url)
    return parts.port or STANDARD[parts.scheme]
