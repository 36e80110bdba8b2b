"""Both kinds of stores, and a real server for the one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from minio import Minio as Client

from ops.backups import stores
from ops.backups.stores import Folder, Store
from tests.daemons import minio


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[minio.Minio]:
    own = minio.start(tmp_path_factory.mktemp("other-s3"), set_up=False)
    yield own
    own.daemon.stop()


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, server: minio.Minio, tmp_path: Path) -> Store:
    if request.param == "folder":
        return Folder(tmp_path / "new" / "store")
    client = Client(f"127.0.0.1:{server.port}", *minio.ROOT, secure=False)
    name = f"b{tmp_path.name.replace('_', '-').lower()[-40:]}"
    client.make_bucket(name)
    return stores.at(f"{server.url}/{name}/some/where", ":".join(minio.ROOT))
