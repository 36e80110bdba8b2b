"""The edge: Caddy with the configuration that the appliance renders."""

import sysconfig
from dataclasses import dataclass, replace
from pathlib import Path

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
    daemon = Daemon(argv, {"HOME": str(folder)}, folder / "caddy.log", lambda: listening(edge.port))
    return Caddy(daemon.start(), replace(edge))
