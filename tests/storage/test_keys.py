"""Keys that were replaced: good for the overlap, refused by the server itself afterwards, then removed."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from minio import MinioAdmin
from minio.credentials import StaticProvider

from storage import keys
from storage.errors import StorageError
from tests.daemons import minio, valkey

OVERLAP = timedelta(seconds=3)
OLD = {role: keys.Key(f"{role}-0000000a", f"an-old-{role}-secret") for role in keys.ROLES}
REPLACED = [key.access for key in OLD.values()]
NEW = {role: keys.Key(f"{role}-0000000b", f"a-new-{role}-secret") for role in keys.ROLES}


@pytest.fixture
def server(tmp_path: Path, queue: valkey.Valkey) -> Iterator[minio.Minio]:
    own = minio.start(tmp_path, queue)
    own.objects(minio.ROOT).put("versions", "k", b"1", "text/plain")
    yield own
    own.daemon.stop()


def administrator(server: minio.Minio) -> MinioAdmin:
    return MinioAdmin(
        endpoint=f"127.0.0.1:{server.port}", credentials=StaticProvider(*minio.ROOT), region="us-east-1", secure=False
    )


def reads(server: minio.Minio, key: keys.Key) -> bool:
    try:
        return server.objects(key).get("versions", "k") == b"1"
    except StorageError:
        return False


def writes(server: minio.Minio, key: keys.Key) -> bool:
    try:
        server.objects(key).put("originals", f"projects/1/images/{key.access}", b"1", "image/jpeg")
    except StorageError:
        return False
    return True


def test_replaced_keys_are_good_for_the_overlap_and_no_longer(server: minio.Minio) -> None:
    admin = administrator(server)
    keys.ensure(admin, OLD, (), OVERLAP)
    assert reads(server, OLD["reader"])
    keys.ensure(admin, NEW, REPLACED, timedelta(hours=2))
    for made in (OLD, NEW):
        assert reads(server, made["reader"])
        assert writes(server, made["uploader"])
    assert reads(server, NEW["worker"])
    assert not reads(server, OLD["worker"]), "it never leaves the host, so nobody is waited for"


def test_the_server_itself_ends_a_replaced_key(server: minio.Minio) -> None:
    """Nobody has to come and remove it: an appliance may run for months without a start."""
    admin = administrator(server)
    keys.ensure(admin, OLD, (), OVERLAP)
    keys.ensure(admin, NEW, REPLACED, -timedelta(seconds=1))
    assert not reads(server, OLD["reader"])
    assert not writes(server, OLD["uploader"])
    assert reads(server, NEW["reader"])


@pytest.mark.long
def test_a_second_run_neither_prolongs_nor_keeps(server: minio.Minio) -> None:
    admin, now = administrator(server), datetime.now(UTC)
    keys.ensure(admin, OLD, (), OVERLAP)
    keys.ensure(admin, NEW, REPLACED, OVERLAP, now)
    keys.ensure(admin, NEW, REPLACED, timedelta(hours=2), now + timedelta(seconds=1))
    policies = {name for name in json.loads(admin.policy_list()) if "until" in name}
    stamp = (now + OVERLAP).strftime("%Y%m%dT%H%M%SZ")
    assert policies == {f"{OLD[role].access}-until-{stamp}" for role in keys.PUBLIC}
    keys.ensure(admin, NEW, REPLACED, OVERLAP, now + OVERLAP)
    assert not {name for name in json.loads(admin.policy_list()) if "until" in name}
    ours = {minio.UPLOADER.access, minio.READER.access, minio.WORKER.access}
    assert set(json.loads(admin.user_list())) - ours == {key.access for key in NEW.values()}


def test_keys_of_another_appliance_on_the_same_server_are_left_alone(server: minio.Minio) -> None:
    admin = administrator(server)
    keys.ensure(admin, OLD, (), OVERLAP)
    keys.ensure(admin, NEW, ["reader-ffffffff"], -timedelta(seconds=1))
    for made in (OLD, NEW):
        assert reads(server, made["worker"])
        assert reads(server, made["reader"])
