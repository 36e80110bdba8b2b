"""An appliance whose edge, Postgres, Valkey and storage are reached through relays: links can be slow and break."""

import dataclasses
import random
import tempfile
from pathlib import Path

from tests.daemons import minio, postgres, valkey
from tests.faults.behind import Behind
from tests.faults.relay import Relay
from tests.stack import Stack

LINKS = ("edge", "postgres", "valkey", "storage")


class Linked:
    """`relays` by name: from clients to the edge; from every part, and from storage to Valkey. `behind`: the servers
    themselves; `url`: where clients find the edge.
    """

    def __init__(self, chance: random.Random, **settings: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="dk-links-")
        folder = Path(self._folder.name)
        folder.chmod(0o755)
        self._postgres = postgres.start()
        self._valkey = valkey.start(folder / "valkey")
        self.relays = {"postgres": Relay(self._postgres.port, chance), "valkey": Relay(self._valkey.port, chance)}
        told = dataclasses.replace(self._valkey, port=self.relays["valkey"].port)
        self._minio = minio.start(folder / "minio", told, set_up=False)
        self.relays["storage"] = Relay(self._minio.port, chance)
        root = ":".join(minio.ROOT)
        database = self._postgres.make("darkroom")
        queue = f"redis://:{valkey.PASSWORD}@127.0.0.1:{self._valkey.port}/0"
        self.behind = Behind(database, queue, self._minio.url, root)
        self.stack = Stack(
            DARKROOM_DATABASE_URL=self._through("postgres", database, self._postgres.port),
            DARKROOM_VALKEY_URL=self._through("valkey", queue, self._valkey.port),
            DARKROOM_STORAGE_URL=self._through("storage", self._minio.url, self._minio.port),
            DARKROOM_STORAGE_ROOT=root,
            **settings,
        )
        self.relays["edge"] = Relay(self.stack.port, chance)
        self.url = f"http://127.0.0.1:{self.relays['edge'].port}"

    def up(self) -> None:
        self.stack.up("--url", self.url)

    def _through(self, link: str, url: str, port: int) -> str:
        return url.replace(f":{port}", f":{self.relays[link].port}")

    def close(self) -> None:
        self.stack.close()
        for daemon in (self._minio.daemon, self._valkey.daemon):
            daemon.stop()
        for relay in self.relays.values():
            relay.close()
        self._postgres.close()
        self._folder.cleanup()
