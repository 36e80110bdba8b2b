"""A real storage server and a real Valkey for all these tests."""

from collections.abc import Iterator

import pytest

from storage.objects import Objects
from tests.daemons import minio, valkey


@pytest.fixture(scope="package")
def queue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[valkey.Valkey]:
    server = valkey.start(tmp_path_factory.mktemp("storage-valkey"))
    yield server
    server.daemon.stop()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory, queue: valkey.Valkey) -> Iterator[minio.Minio]:
    server = minio.start(tmp_path_factory.mktemp("storage-minio"), queue)
    yield server
    server.daemon.stop()


@pytest.fixture(scope="package")
def objects(server: minio.Minio) -> Objects:
    """What a worker may do."""
    return server.objects(minio.WORKER)


@pytest.fixture(scope="package")
def root(server: minio.Minio) -> Objects:
    """What only the operator may do, such as writing an original without a form."""
    return server.objects(minio.ROOT)
