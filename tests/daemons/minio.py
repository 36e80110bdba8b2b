"""The storage server, on four drive folders, set up as the appliance sets it up."""

import urllib.request
from dataclasses import dataclass
from pathlib import Path

from ops.setup import place
from storage.objects import Objects, StorageError
from storage.server import build, command
from storage.server.locate import find
from storage.setup import Key, ensure, notify_env
from tests.daemons.process import Daemon, free_port
from tests.daemons.valkey import Valkey

ROOT = Key("rootofstorage", "a-root-secret-of-tests")
UPLOADER = Key("uploaderkey", "an-uploader-secret-of-tests")
READER = Key("readerkeyy", "a-reader-secret-of-tests")
WORKER = Key("workerkeyy", "a-worker-secret-of-tests")

LIST = "darkroom:arrivals"


@dataclass
class Minio:
    """A running server: `daemon` to kill and start, `url` to talk to, `drives` to do harm to; and whether the keys
    above are made there.
    """

    daemon: Daemon
    url: str
    port: int
    drives: list[Path]
    keys: bool = False

    def objects(self, key: Key = WORKER, seconds: float = 15.0) -> Objects:
        """A client with one of the keys above."""
        return Objects(self.url, *key, seconds=seconds)

    def ready(self) -> bool:
        """It is healthy a little before it has read its keys, and refuses them until then."""
        return _healthy(self.url) and (not self.keys or self._answers())

    def _answers(self) -> bool:
        try:
            self.objects(seconds=2).head("versions", "a-file-that-is-not-there")
        except StorageError:
            return False
        return True


def start(folder: Path, valkey: Valkey | None = None, set_up: bool = True, md5_etags: bool = False) -> Minio:
    """A server whose data is under `folder`; with `valkey` its notifications go to LIST there."""
    # What root's appliance has built does for its tests as well: a build takes minutes.
    binary = find() or find(place.ROOT_CACHE / "service") or build.build()
    drives = [folder / f"drive{number}" for number in (1, 2, 3, 4)]
    for path in (*drives, folder / "certs", folder / "queue"):
        path.mkdir(parents=True, exist_ok=True)
    notify = notify_env("127.0.0.1", valkey.port, valkey.password, folder / "queue", LIST) if valkey else {}
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    run = command.server(binary, drives, port, *ROOT, certs=folder / "certs", notify=notify, md5_etags=md5_etags)
    server = Minio(Daemon(run.argv, run.env, folder / "minio.log", lambda: server.ready()), url, port, drives)
    server.daemon.start()
    if set_up and valkey:
        try:
            ensure(url, *ROOT, UPLOADER, READER, WORKER)
            server.keys = True
        except BaseException:
            server.daemon.stop()
            raise
    return server


def _healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/minio/health/cluster", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
