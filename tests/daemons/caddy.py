"""The edge: Caddy with the configuration that the appliance renders."""

import socket
import ssl
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from ops.edge.caddyfile import Edge, render
from tests.daemons.process import Daemon, free_port, listening


@dataclass
class Caddy:
    """A running edge."""

    daemon: Daemon
    edge: Edge

    @property
    def url(self) -> str:
        """The first public address."""
        return self.edge.urls[0]


def settings(folder: Path, apis: list[str], storages: list[str], web: Path) -> Edge:
    """An edge on a free port of 127.0.0.1, to be changed with dataclasses.replace."""
    port = free_port()
    return Edge("127.0.0.1", port, [f"http://127.0.0.1:{port}"], apis, storages, web, folder / "data")


def start(folder: Path, edge: Edge) -> Caddy:
    """Caddy with everything it writes under `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "Caddyfile"
    config.write_text(render(edge))
    argv = [
        str(Path(sysconfig.get_path("scripts")) / "caddy"),
        "run",
        "--adapter",
        "caddyfile",
        "--config",
        str(config),
    ]
    daemon = Daemon(argv, {"HOME": str(folder)}, folder / "caddy.log", lambda: _serves(edge))
    return Caddy(daemon.start(), edge)


def _serves(edge: Edge) -> bool:
    """Whether it takes connections under every name: its own certificates come a moment after its port."""
    others = _certified(edge.s3.port, edge.s3.urls) if edge.s3 else True
    return others and _certified(edge.port, edge.urls)


def _certified(port: int, urls: Sequence[str]) -> bool:
    if not listening(port):
        return False
    if not urls[0].startswith("https"):
        return True
    anything = ssl.create_default_context()
    anything.check_hostname, anything.verify_mode = False, ssl.CERT_NONE
    for name in (*(urlsplit(url).hostname for url in urls), "127.0.0.1"):
        try:
            with socket.create_connection(("127.0.0.1", port), 2) as link:
                anything.wrap_socket(link, server_hostname=name).close()
        except OSError:
            return False
    return True
