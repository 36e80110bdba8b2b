"""The listener for other programs on a real edge, with and without TLS, in front of one real storage server."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from ops.edge.s3 import Listener
from storage.keys import Key
from storage.tenants import Tenants
from tests.daemons import caddy, minio, valkey
from tests.daemons.process import Daemon, free_port

NAME = "localhost"
"""What clients call it: a name, not an address, so that whoever puts buckets before the name would be seen."""


@dataclass
class House:
    """An edge with both listeners; `url` is the one for others, whose certificate is of `authority`, if it has one."""

    daemon: Daemon
    url: str
    port: int
    public: str
    folder: Path
    authority: Path | None

    @property
    def trust(self) -> ssl.SSLContext | None:
        return ssl.create_default_context(cafile=str(self.authority)) if self.authority else None


@dataclass
class Guest:
    """A program with a bucket of its own."""

    bucket: str
    key: Key
    reader: Key


@pytest.fixture(scope="package")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[minio.Minio]:
    folder = tmp_path_factory.mktemp("others-storage")
    queue = valkey.start(folder / "valkey")
    try:
        server = minio.start(folder / "minio", queue, md5_etags=True)
        yield server
        server.daemon.stop()
    finally:
        queue.daemon.stop()


@pytest.fixture(scope="package")
def tenants(storage: minio.Minio) -> Tenants:
    return Tenants(storage.url, *minio.ROOT)


def house(folder: Path, scheme: str, server: minio.Minio) -> Iterator[House]:
    port = free_port()
    url, nobody = f"{scheme}://{NAME}:{port}", f"127.0.0.1:{free_port()}"
    own = folder / "s3"
    own.mkdir()
    edge = caddy.settings(folder, [nobody], [f"127.0.0.1:{server.port}"], folder)
    running = caddy.start(folder, replace(edge, s3=Listener("127.0.0.1", port, [url], own)))
    authority = folder / "data/pki/authorities/local/root.crt" if scheme == "https" else None
    yield House(running.daemon, url, port, running.url, own, authority)
    running.daemon.stop()


@pytest.fixture(scope="package")
def plain(storage: minio.Minio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    yield from house(tmp_path_factory.mktemp("others-http"), "http", storage)


@pytest.fixture(scope="package")
def secure(storage: minio.Minio, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    yield from house(tmp_path_factory.mktemp("others-https"), "https", storage)


@pytest.fixture(scope="package", params=[pytest.param("http", marks=pytest.mark.long), "https"])
def either(request: pytest.FixtureRequest) -> House:
    """The listener without TLS, then with it."""
    found: House = request.getfixturevalue({"http": "plain", "https": "secure"}[request.param])
    return found


@pytest.fixture(scope="package")
def guest(tenants: Tenants) -> Guest:
    tenants.create("films", 10**9)
    return Guest("films", tenants.issue("films", read_only=False), tenants.issue("films", read_only=True))


@pytest.fixture(scope="package")
def neighbour(tenants: Tenants) -> Guest:
    tenants.create("music", 10**9)
    return Guest("music", tenants.issue("music", read_only=False), tenants.issue("music", read_only=True))
