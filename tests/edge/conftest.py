"""A real edge in front of a real storage server and a small server of ours."""

import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from storage.links import Links, UploadForms
from tests.daemons import caddy, minio, valkey
from tests.daemons.process import Daemon, free_port, listening

ORIGIN = "https://shop.example"
MAX_UPLOAD = 300_000
"""Small, so that what is too large is quickly sent."""


@pytest.fixture(scope="package")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[minio.Minio]:
    folder = tmp_path_factory.mktemp("edge-storage")
    queue = valkey.start(folder / "valkey")
    try:
        server = minio.start(folder / "minio", queue)
        yield server
        server.daemon.stop()
    finally:
        queue.daemon.stop()


@pytest.fixture(scope="package")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """The server behind the edge; its port is the last word of its command line."""
    port = free_port()
    argv = [sys.executable, "-m", "granian", "--interface", "asgi", "tests.edge.upstream:app", "--port", str(port)]
    root = Path(__file__).parents[2]
    log = tmp_path_factory.mktemp("edge-api") / "api.log"
    daemon = Daemon(argv, {**os.environ, "PYTHONPATH": str(root)}, log, lambda: listening(port))
    yield daemon.start()
    daemon.stop()


@pytest.fixture(scope="package")
def web(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("web")
    (folder / "index.html").write_text("<!doctype html><title>page</title>")
    (folder / "app.js").write_text("export const one = 1;\n")
    (folder / "chat").mkdir()
    (folder / "chat" / "index.html").write_text("<!doctype html><title>chats</title>")
    (folder / "profiles").mkdir()
    for name in ("new", "profile", "list"):
        (folder / "profiles" / f"{name}.html").write_text(f"<!doctype html><title>{name}</title>")
    (folder / "admin").mkdir()
    (folder / "admin" / "index.html").write_text("<!doctype html><title>admin</title>")
    (folder / "moderation").mkdir()
    (folder / "moderation" / "index.html").write_text("<!doctype html><title>moderation</title>")
    (folder.parent / "secret.txt").write_text("not for the web")
    return folder


@pytest.fixture(scope="package")
def settings(tmp_path_factory: pytest.TempPathFactory, storage: minio.Minio, api: Daemon, web: Path) -> caddy.Edge:
    folder = tmp_path_factory.mktemp("edge")
    edge = caddy.settings(folder, [f"127.0.0.1:{api.argv[-1]}"], [f"127.0.0.1:{storage.port}"], web)
    return replace(edge, origins=(ORIGIN, "http://127.0.0.1:5000"), max_upload=MAX_UPLOAD)


@pytest.fixture(scope="package")
def edge(settings: caddy.Edge) -> Iterator[caddy.Caddy]:
    server = caddy.start(settings.data.parent, settings)
    yield server
    server.daemon.stop()


@pytest.fixture
def client(edge: caddy.Caddy) -> Iterator[httpx.Client]:
    """A client of the edge that follows nothing and keeps nothing."""
    with httpx.Client(base_url=edge.url, timeout=20) as client:
        yield client


@pytest.fixture(scope="package")
def forms() -> UploadForms:
    return UploadForms(*minio.UPLOADER)


@pytest.fixture(scope="package")
def links() -> Links:
    return Links(*minio.READER)
