"""Two real servers: what the one stores is on the other, and the key that does it can do nothing else."""

import io
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from minio import Minio as Client
from minio import MinioAdmin
from minio.credentials import StaticProvider
from minio.deleteobjects import DeleteObject
from minio.error import MinioAdminException, S3Error
from minio.versioningconfig import VersioningConfig

from storage import replication, setup
from storage.errors import StorageError
from storage.inspection import Inspector
from storage.keys import Key
from storage.listing import Stat
from storage.replication import BUCKETS, Compared, Other, Replication, compared
from tests.daemons import minio

Bytes = dict[tuple[str, str, str], bytes]


def client(server: minio.Minio, key: Key = minio.ROOT) -> Client:
    return Client(f"127.0.0.1:{server.port}", *key, secure=False, region="us-east-1")


def content(server: minio.Minio) -> Bytes:
    """All versions and delete markers of both buckets."""
    own, found = client(server), dict[tuple[str, str, str], bytes]()
    for bucket in BUCKETS:
        for one in own.list_objects(bucket, recursive=True, include_version=True):
            name, version = str(one.object_name), str(one.version_id)
            found[bucket, name, version] = b"marker" if one.is_delete_marker else _read(own, bucket, name, version)
    return found


def _read(own: Client, bucket: str, name: str, version: str) -> bytes:
    try:
        return own.get_object(bucket, name, version_id=version).data
    except S3Error as error:
        return f"{error.code}, deleted since it was listed".encode()


def until(true: Callable[[], bool], seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < limit
        time.sleep(0.2)


def put(server: minio.Minio, bucket: str, name: str, data: bytes) -> None:
    client(server).put_object(bucket, name, io.BytesIO(data), len(data), part_size=5 << 20)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[minio.Minio, minio.Minio]]:
    """Here, with some objects of before, and there, with nothing."""
    here = minio.start(tmp_path / "here", set_up=False)
    try:
        there = minio.start(tmp_path / "there", set_up=False)
        try:
            setup.make_buckets(client(here))
            put(here, "versions", "before/unversioned", b"of a time without versions")
            for data in (b"one", b"two"):
                put(here, "originals", "before/twice", data)
            yield here, there
        finally:
            there.daemon.stop()
    finally:
        here.daemon.stop()


def begin(here: minio.Minio, there: minio.Minio) -> tuple[Replication, Key]:
    replication.versioned(client(here))
    key = replication.prepare(there.url, minio.ROOT)
    ours = Replication(here.url, minio.ROOT)
    for bucket in BUCKETS:
        ours.begin(bucket, Other(there.url, key))
    return ours, key


def test_the_same_versions_with_the_same_bytes_are_on_both_sides(pair: tuple[minio.Minio, minio.Minio]) -> None:
    here, there = pair
    _refuses_a_wrong_key(here, there)
    ours, key = begin(here, there)
    put(here, "originals", "after/small", b"small")
    put(here, "originals", "after/in parts", bytes(range(256)) * 4096 * 11)
    put(here, "versions", "after/version", b"version")
    until(lambda: content(here) == content(there))
    assert len(content(there)) == 6
    client(here).remove_object("originals", "before/twice")
    until(lambda: content(here) == content(there))
    gone = [DeleteObject(name, version) for bucket, name, version in content(here) if bucket == "originals"]
    assert not list(client(here).remove_objects("originals", gone))
    until(lambda: content(here) == content(there))
    assert {bucket for bucket, _, _ in content(there)} == {"versions"}

    standing = ours.standing("originals")
    assert standing is not None
    assert (standing.url, standing.online) == (there.url, True)
    sides = [Inspector(one.url, *minio.ROOT).list("versions", "", versions=True) for one in (here, there)]
    assert compared(*sides) == Compared(both=2, here=0, here_bytes=0, there=0)
    ours.begin("originals", Other(there.url, key))
    assert len(ours.targets("originals")) == 1, "begun twice is begun once"
    assert key.secret not in str(ours.targets("originals"))

    assert ours.end("originals")
    assert not ours.end("originals")
    assert ours.standing("originals") is None
    put(here, "originals", "later", b"stays here")
    put(here, "versions", "later", b"goes there")
    until(lambda: any(name == "later" for _, name, _ in content(there)))
    assert {bucket for bucket, name, _ in content(there) if name == "later"} == {"versions"}
    _can_do_nothing_else(there, key)


def _refuses_a_wrong_key(here: minio.Minio, there: minio.Minio) -> None:
    replication.versioned(client(here))
    with pytest.raises(StorageError) as refused:
        Replication(here.url, minio.ROOT).begin("originals", Other(there.url, Key("nobody-here", "a-wrong-secret")))
    assert "a-wrong-secret" not in str(refused.value)
    assert Replication(here.url, minio.ROOT).standing("originals") is None


def _can_do_nothing_else(there: minio.Minio, key: Key) -> None:
    """The key that is kept on the first site, in the hands of who took that over."""
    client(there).make_bucket("other")
    put(there, "other", "name", b"of others")
    theirs = client(there, key)
    admin = MinioAdmin(
        endpoint=f"127.0.0.1:{there.port}", credentials=StaticProvider(*key), secure=False, region="us-east-1"
    )
    attempts: list[Callable[[], object]] = [
        lambda: theirs.get_object("other", "name"),
        lambda: list(theirs.list_objects("other")),
        lambda: theirs.put_object("other", "name", io.BytesIO(b"x"), 1),
        lambda: theirs.make_bucket("another"),
        lambda: theirs.remove_bucket("versions"),
        lambda: theirs.set_bucket_versioning("versions", VersioningConfig("Suspended")),
        lambda: theirs.set_bucket_policy("versions", "{}"),
        admin.user_list,
        lambda: admin.user_add(access_key="somebody", secret_key="a-secret-of-tests"),
        admin.info,
    ]
    for attempt in attempts:
        with pytest.raises((S3Error, MinioAdminException)) as refused:
            attempt()
        assert "AccessDenied" in str(refused.value) or "Access Denied" in str(refused.value)


@pytest.mark.long
def test_what_came_while_the_second_site_was_away_is_there_afterwards(pair: tuple[minio.Minio, minio.Minio]) -> None:
    here, there = pair
    ours, _ = begin(here, there)
    until(lambda: content(here) == content(there))
    there.daemon.kill()
    before = time.monotonic()
    for number in range(30):
        put(here, "originals", f"meanwhile/{number}", b"%d" % number)
    assert time.monotonic() - before < 30, "nobody here waits for it"
    until(lambda: not (standing := ours.standing("originals")) or not standing.online)
    here.daemon.kill()
    here.daemon.start()  # and what waits outlives this side, too
    there.daemon.start()
    until(lambda: content(here) == content(there), 240)


@pytest.mark.pure
def test_both_sides_are_compared_by_key_version_and_size() -> None:
    now = datetime.now(UTC)

    def stat(key: str, version: str, size: int = 1) -> Stat:
        return Stat(key, version, size, "", now)

    here = [stat("a", "1"), stat("b", "2", 10), stat("b", "1"), stat("z", ""), stat("é", "1", 5)]
    there = [stat("a", "1"), stat("b", "1"), stat("c", "1"), stat("z", ""), stat("é", "1", 4)]
    assert compared(here, there) == Compared(both=3, here=2, here_bytes=15, there=1)
    assert compared([], []) == Compared(0, 0, 0, 0)
