"""A real storage server with buckets of other programs; and a library in one, beside one in a folder."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from storage.tenants import Tenants
from tests.daemons import minio as storage
from tests.daemons.minio import ROOT, Minio
from tests.library.buckets.grounds import Buckets, Folder, Ground


@pytest.fixture(scope="package")
def minio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Minio]:
    server = storage.start(tmp_path_factory.mktemp("library-storage"))
    yield server
    server.daemon.stop()


@pytest.fixture(scope="package")
def tenants(minio: Minio) -> Tenants:
    return Tenants(minio.url, *ROOT)


@pytest.fixture
def bucket(minio: Minio, tenants: Tenants, tmp_path: Path) -> Buckets:
    name = f"films-{uuid4().hex[:8]}"
    tenants.create(name, 10**9)
    return Buckets(tmp_path, minio, name, tenants.issue(name, read_only=False))


@pytest.fixture(params=["folder", "bucket"])
def ground(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    if request.param == "bucket":
        yield request.getfixturevalue("bucket")
        return
    # Others than root's own would be asked who may come this way.
    yield Folder(tmp_path / "films")
    shutil.rmtree(tmp_path / "films")
