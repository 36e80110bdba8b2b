"""What a client of objects can rely on, on the real server."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from storage.objects import ObjectMissing, Objects, StorageError
from tests.daemons import minio


@pytest.fixture
def key() -> str:
    return f"projects/1/images/{uuid4()}"


@pytest.mark.parametrize("size", [0, 1, 100, 200_000, 3_000_000])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_what_is_put_is_got(objects: Objects, key: str, size: int, kind: type) -> None:
    data = hashlib.shake_128(key.encode()).digest(size)
    put = objects.put("versions", key, kind(data), "image/jpeg")
    assert objects.get("versions", key) == data
    head = objects.head("versions", key)
    assert head is not None
    assert (head.key, head.size, head.etag, head.version_id) == (key, size, put.etag, "")
    assert abs(head.modified - datetime.now(UTC)) < timedelta(minutes=1)
    assert put.size == size


@pytest.mark.parametrize("name", ["a b", "ü/ß", "a+b", "a%2fb", "a?b&c=d", "a#b", "a~b", "写真", "a'b\"c", "x" * 200])
def test_key_may_be_of_any_characters(objects: Objects, key: str, name: str) -> None:
    objects.put("versions", f"{key}/{name}", b"1", "text/plain")
    assert objects.get("versions", f"{key}/{name}") == b"1"
    assert [stat.key for stat in objects.list("versions", f"{key}/")] == [f"{key}/{name}"]
    assert objects.purge("versions", f"{key}/{name}") == 1


def test_bytes_that_are_not_what_they_should_be_are_not_stored(objects: Objects, key: str) -> None:
    digest = hashlib.sha256(b"what was meant").hexdigest()
    with pytest.raises(StorageError, match="Mismatch"):
        objects.put("versions", key, b"what was sent!", "text/plain", sha256=digest)
    assert objects.head("versions", key) is None
    objects.put("versions", key, b"what was meant", "text/plain", sha256=digest)
    assert objects.get("versions", key) == b"what was meant"


def test_reduced_redundancy_takes_less_room(objects: Objects, server: minio.Minio, key: str) -> None:
    data = hashlib.shake_128(b"room").digest(6_000_000)
    taken = []
    for reduced in (False, True):
        objects.put("versions", f"{key}/{reduced}", data, "image/jpeg", reduced=reduced)
        folders = [drive / "versions" / key / str(reduced) for drive in server.drives]
        taken.append(sum(file.stat().st_size for folder in folders for file in folder.rglob("part.*")))
    # EC:2 of 4 takes twice the bytes, EC:1 a third more than them.
    assert taken[0] == pytest.approx(12_000_000, rel=0.01)
    assert taken[1] == pytest.approx(8_000_000, rel=0.01)


def test_what_is_not_there(objects: Objects, key: str) -> None:
    assert objects.head("versions", key) is None
    assert list(objects.list("versions", key)) == []
    with pytest.raises(ObjectMissing):
        objects.get("versions", key)
    with pytest.raises(ObjectMissing):
        objects.get("originals", key, str(uuid4()))
    objects.delete_version("originals", key, str(uuid4()))
    assert objects.purge("originals", key) == 0


def test_bucket_that_is_missing_is_an_error_and_no_missing_object(root: Objects, key: str) -> None:
    for call in (root.head, root.get):
        with pytest.raises(StorageError) as caught:
            call("no-such-bucket", key)
        assert not isinstance(caught.value, ObjectMissing)


def test_versions_of_an_original(objects: Objects, root: Objects, key: str) -> None:
    first = root.put("originals", key, b"first", "image/jpeg")
    second = root.put("originals", key, b"second", "image/jpeg")
    assert first.version_id != second.version_id
    assert objects.get("originals", key) == b"second"
    assert objects.get("originals", key, first.version_id) == b"first"
    head = objects.head("originals", key, first.version_id)
    assert head is not None
    assert (head.version_id, head.size) == (first.version_id, 5)
    listed = list(objects.list("originals", key, versions=True))
    assert [stat.version_id for stat in listed] == [second.version_id, first.version_id]
    objects.delete_version("originals", key, first.version_id)
    assert objects.head("originals", key, first.version_id) is None
    assert objects.get("originals", key) == b"second"


def test_purge_leaves_no_version_and_no_marker(objects: Objects, root: Objects, server: minio.Minio, key: str) -> None:
    root.put("originals", key, b"one", "image/jpeg")
    root.put("originals", key, b"two", "image/jpeg")
    root._client.remove_object("originals", key)
    listed = list(objects.list("originals", key, versions=True))
    assert [stat.marker for stat in listed] == [True, False, False], "the newest first"
    assert objects.head("originals", key) is None
    assert objects.purge("originals", key) == 3
    assert list(objects.list("originals", key, versions=True)) == []
    assert not held(server, key.rpartition("/")[2])


def held(server: minio.Minio, name: str) -> list[str]:
    """Folders on the drives that have something of this name; others come and go while they are read."""
    walks = [one for drive in server.drives for one in os.walk(drive)]
    return [folder for folder, folders, files in walks if name in (*folders, *files)]


def test_purge_finds_what_is_under_a_marker_and_leaves_the_key_beside(
    objects: Objects, root: Objects, key: str
) -> None:
    root.put("originals", key, b"under the marker", "image/jpeg")
    root._client.remove_object("originals", key)
    root.put("originals", key, b"above it", "image/jpeg")
    root.put("originals", f"{key}0", b"beside", "image/jpeg")
    assert objects.purge("originals", key) == 3
    assert [stat.key for stat in objects.list("originals", key, versions=True)] == [f"{key}0"]


def test_purge_of_a_key_does_not_read_the_folder_it_is_in(objects: Objects, root: Objects, key: str) -> None:
    """Its folder may hold what came in a day; the requests of a listing would be seen here."""
    root.put("originals", key, b"one", "image/jpeg")
    root.put("originals", key, b"two", "image/jpeg")
    asked: list[tuple[str, str]] = []
    send = objects._transport.send

    def seen(method: str, bucket: str, *rest: Any, **more: Any) -> Any:
        asked.append((method, rest[0]))
        return send(method, bucket, *rest, **more)

    objects._transport.send = seen  # type: ignore[method-assign]
    try:
        assert objects.purge("originals", key) == 2
    finally:
        objects._transport.send = send  # type: ignore[method-assign]
    assert asked == [("HEAD", key), ("DELETE", key)] * 2 + [("HEAD", key)]


def test_purge_takes_the_key_or_the_folder_and_nothing_beside(objects: Objects, key: str) -> None:
    for name in ("", "-beside", "/a", "/b/c"):
        objects.put("versions", f"{key}-x{name}" if name != "" else f"{key}-y", b"1", "text/plain")
    assert objects.purge("versions", f"{key}-x") == 0
    assert objects.purge("versions", f"{key}-x/") == 2
    assert [stat.key for stat in objects.list("versions", key)] == [f"{key}-x-beside", f"{key}-y"]


def test_listing_is_in_order_and_goes_on_after_a_thousand(objects: Objects, key: str) -> None:
    names = [f"{key}/{number:04}" for number in range(1050)]
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda name: objects.put("versions", name, b"1", "text/plain"), reversed(names)))
    assert [stat.key for stat in objects.list("versions", f"{key}/")] == names
    assert objects.purge("versions", f"{key}/") == 1050
    assert list(objects.list("versions", key)) == []


def test_many_threads_share_one_client(objects: Objects, key: str) -> None:
    def there_and_back(number: int) -> bool:
        data = bytes([number]) * 50_000
        objects.put("versions", f"{key}/{number}", data, "text/plain")
        return objects.get("versions", f"{key}/{number}") == data

    with ThreadPoolExecutor(32) as threads:
        assert all(threads.map(there_and_back, range(128)))
    pools = objects._connections.pools
    assert sum(pools[name].num_connections for name in pools.keys()) <= 64  # noqa: SIM118
