"""What comes in is told: quickly by one target, surely by the other."""

import time
from collections.abc import Iterator
from typing import cast
from uuid import uuid4

import httpx
import pytest

from storage.links import UploadForms
from storage.notifications import Arrival, NotificationInvalid, parse
from storage.objects import Objects
from tests.appliance.client import wait_for
from tests.daemons import minio, valkey


def drain(queue: valkey.Valkey, key: str, count: int, seconds: float = 8.0) -> list[Arrival]:
    """The first `count` arrivals of `key`, in the order of the list; fewer if they don't come in time."""
    limit, found = time.monotonic() + seconds, []
    client = queue.client()
    while time.monotonic() < limit:
        elements = cast(list[bytes], client.lrange(minio.LIST, 0, -1))
        found = [arrival for element in elements for arrival in parse(element) if arrival.key == key]
        if len(found) >= count:
            break
        time.sleep(0.02)
    return found


def post(server: minio.Minio, key: str) -> httpx.Response:
    form = UploadForms(*minio.UPLOADER).form(key, 1000, 900)
    # A POST policy says nothing of the host, so it is good without the edge, too.
    return httpx.post(server.url + form.path, data=form.params, files={"file": ("a b.jpg", b"bytes")})


def test_upload_is_told_by_both_targets_with_its_version(server: minio.Minio, queue: valkey.Valkey) -> None:
    key = f"projects/1/images/{uuid4()}"
    answer = post(server, key)
    assert answer.status_code == 201
    fast, durable = drain(queue, key, 2)
    assert fast == durable
    assert fast == Arrival(
        bucket="originals",
        key=key,
        version_id=answer.headers["x-amz-version-id"],
        size=5,
        etag=answer.headers["etag"].strip('"'),
        kind="s3:ObjectCreated:Post",
        sequencer=fast.sequencer,
    )
    assert fast.created


def test_fast_target_tells_at_once(server: minio.Minio, queue: valkey.Valkey) -> None:
    before, key = (f"projects/1/images/{uuid4()}" for _ in range(2))
    post(server, before)
    assert len(drain(queue, before, 2)) == 2  # the durable one has just told: its next round is in three seconds
    post(server, key)
    began = time.monotonic()
    assert len(drain(queue, key, 1)) >= 1
    assert time.monotonic() - began < 2.0


def test_sequencer_orders_what_is_stored_under_one_key(server: minio.Minio, queue: valkey.Valkey) -> None:
    key = f"projects/1/images/{uuid4()}"
    versions = [post(server, key).headers["x-amz-version-id"] for _ in range(3)]
    arrivals = {arrival.sequencer: arrival.version_id for arrival in drain(queue, key, 6)}
    assert [arrivals[sequencer] for sequencer in sorted(arrivals)] == versions


@pytest.mark.parametrize("name", ["a b+c", "ü/ß%2f", "写真&=?"])
def test_key_is_decoded(root: Objects, queue: valkey.Valkey, name: str) -> None:
    key = f"{uuid4()}/{name}"
    stat = root.put("originals", key, b"1", "text/plain")
    assert {arrival.version_id for arrival in drain(queue, key, 1)} == {stat.version_id}


def test_versions_are_not_told(objects: Objects, queue: valkey.Valkey) -> None:
    key = f"projects/1/images/{uuid4()}"
    objects.put("versions", key, b"1", "image/jpeg")
    assert drain(queue, key, 1, seconds=0.3) == []


@pytest.fixture
def breakable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[minio.Minio, valkey.Valkey]]:
    folder = tmp_path_factory.mktemp("outage")
    queue = valkey.start(folder / "valkey")
    server = minio.start(folder / "minio", queue)
    yield server, queue
    server.daemon.stop()
    queue.daemon.stop()


def test_what_comes_while_valkey_is_down_is_told_when_it_is_back(
    breakable: tuple[minio.Minio, valkey.Valkey],
) -> None:
    server, queue = breakable
    queue.daemon.kill()
    keys = [f"projects/1/images/{uuid4()}" for _ in range(3)]
    assert [post(server, key).status_code for key in keys] == [201] * 3
    # It survives a restart of storage as well: what is not told yet is on disk, a moment after the upload is answered.
    waiting = server.drives[0].parent / "queue"
    wait_for(lambda: len([path for path in waiting.rglob("*") if path.is_file() and path.stat().st_size]) == 3, 20)
    server.daemon.kill()
    server.daemon.start()
    queue.daemon.start()
    assert all(drain(queue, key, 1, seconds=20) for key in keys)


@pytest.mark.parametrize(
    "element",
    [b"", b"{}", b"[]x", b"null", b'"text"', b"[1]", b'[{"Event": [{}]}]', b'[{"Event": [{"s3": null}]}]', b"\xff"],
)
@pytest.mark.pure
def test_what_is_no_notification_is_said_to_be_none(element: bytes) -> None:
    with pytest.raises(NotificationInvalid):
        parse(element)


@pytest.mark.pure
def test_nothing_of_what_is_in_it_is_in_the_error() -> None:
    """Errors are logged, and a notification has a client's address and an access key's name."""
    with pytest.raises(NotificationInvalid) as raised:
        parse(b'[{"Event": [{"requestParameters": {"sourceIPAddress": "192.0.2.44"}}]}]')
    assert "192.0.2.44" not in str(raised.value)
    assert raised.value.__suppress_context__


@pytest.mark.pure
def test_removal_and_bucket_without_versions_are_read_too() -> None:
    element = b"""[{"Event": [{"eventName": "s3:ObjectRemoved:Delete", "s3": {"bucket": {"name": "versions"},
        "object": {"key": "a%2Fb+c", "sequencer": "18EA"}}}], "EventTime": "2026-11-21T08:34:55.015Z"}]"""
    assert parse(element) == [Arrival("versions", "a/b c", "", 0, "", "s3:ObjectRemoved:Delete", "18EA")]
    assert not parse(element)[0].created
    assert parse(b"[]") == []
