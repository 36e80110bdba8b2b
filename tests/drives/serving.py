"""The real storage server on drives of a test's own, as the service account, and somebody who uploads all the time."""

import hashlib
import io
import os
import threading
import time
from pathlib import Path

from minio import Minio
from minio.error import S3Error, ServerError
from urllib3.exceptions import HTTPError

from ops.disks import record, servers
from ops.folder import DataFolder
from ops.setup import account, place
from storage.health import Drive
from storage.server import command
from storage.server.locate import find
from tests.daemons.minio import ROOT, _healthy
from tests.daemons.process import Daemon, free_port

BUCKET = "photos"


class Server:
    """Started anew with what is mounted at that moment, as the supervisor does it; `said`: what it was told."""

    def __init__(self, data: DataFolder, folder: Path) -> None:
        self.data, self.folder = data, folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.said: list[str] = []
        self._daemon: Daemon | None = None

    def start(self) -> None:
        binary = find(place.ROOT_CACHE / "service") or find()
        assert binary is not None, "./ops/test builds it first"
        service = account.ensure()
        certs = self.folder / "certs"
        certs.mkdir(exist_ok=True)
        os.chown(certs, service.pw_uid, service.pw_gid)
        self.said.clear()
        gone = [one.folder for one in record.check(self.data, self.said.append)]
        run = command.server(binary, self.data.drives, self.port, *ROOT, certs=certs, missing=gone)
        log, user = self.folder / "storage.log", service.pw_uid
        self._daemon = Daemon(run.argv, run.env, log, lambda: _healthy(self.url), user).start()

    def stop(self) -> None:
        if self._daemon:
            self._daemon.stop()

    def drive(self, number: int) -> Drive:
        _, found = servers.Server(self.url, *ROOT).drive(self.data.drives[number - 1])
        assert found is not None
        return found

    def client(self) -> Minio:
        return Minio(self.url.removeprefix("http://"), *ROOT, secure=False)

    @property
    def environment(self) -> dict[str, str]:
        """By which `./ops/drives --folder` finds it."""
        return {"DARKROOM_STORAGE_URL": self.url, "DARKROOM_STORAGE_ROOT": ":".join(ROOT)}


class Uploads:
    """One object after the other until it is told to end; each is tried again for a while. `kept`: SHA-256 by key."""

    def __init__(self, server: Server, name: str, size: int = 300_000) -> None:
        self.kept: dict[str, str] = {}
        self.failed: list[str] = []
        self.repeats = 0
        self._server, self._name, self._size = server, name, size
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._over.set()
        self._thread.join(60)
        assert not self._thread.is_alive()

    def wait(self, more: int, seconds: float = 60) -> None:
        """Until so many more are kept."""
        limit, wanted = time.monotonic() + seconds, len(self.kept) + more
        while len(self.kept) < wanted:
            assert time.monotonic() < limit, "uploads do not go on"
            time.sleep(0.05)

    def _run(self) -> None:
        client, number = self._server.client(), 0
        while not self._over.is_set():
            number += 1
            content = os.urandom(16) * (self._size // 16)
            self._put(client, f"{self._name}/{number}", content)
            time.sleep(0.02)

    def _put(self, client: Minio, key: str, content: bytes) -> None:
        limit = time.monotonic() + 20
        while time.monotonic() < limit:
            try:
                client.put_object(BUCKET, key, io.BytesIO(content), len(content))
            except (S3Error, ServerError, HTTPError):
                self.repeats += 1
                time.sleep(0.1)
            else:
                self.kept[key] = hashlib.sha256(content).hexdigest()
                return
        self.failed.append(key)


def unread(server: Server, kept: dict[str, str]) -> list[str]:
    """The keys whose bytes can't be read, or are others."""
    client, wrong = server.client(), []
    for key, sha256 in kept.items():
        try:
            with client.get_object(BUCKET, key) as answer:
                content = answer.read()
        except (S3Error, ServerError, HTTPError):
            content = b""
        if hashlib.sha256(content).hexdigest() != sha256:
            wrong.append(key)
    return wrong
