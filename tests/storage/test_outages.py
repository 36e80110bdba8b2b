"""A server that is gone, slow, or has lost drives: said as such, in bounded time, and never as "no such object"."""

import shutil
import socket
import time
from collections.abc import Iterator
from uuid import uuid4

import pytest

from storage import drives
from storage.objects import ObjectMissing, Objects, StorageUnavailable
from storage.setup import ensure
from tests.appliance.client import wait_for
from tests.daemons import minio, valkey
from tests.daemons.process import free_port


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory, queue: valkey.Valkey) -> Iterator[minio.Minio]:
    """A server to do harm to."""
    server = minio.start(tmp_path_factory.mktemp("outages"), queue)
    yield server
    server.daemon.stop()


def refused(objects: Objects) -> None:
    for call in (
        lambda: objects.head("originals", "k"),
        lambda: objects.get("originals", "k"),
        lambda: objects.put("versions", "k", b"1", "text/plain"),
        lambda: objects.delete_version("originals", "k", str(uuid4())),
        lambda: objects.purge("originals", "k"),
        lambda: list(objects.list("originals", "k")),
    ):
        began = time.monotonic()
        with pytest.raises(StorageUnavailable):
            call()
        assert time.monotonic() - began < 8


def test_no_server() -> None:
    objects = Objects(f"http://127.0.0.1:{free_port()}", "access", "secret")
    refused(objects)
    assert not objects.healthy()


def test_server_that_takes_and_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        objects = Objects(f"http://127.0.0.1:{deaf.getsockname()[1]}", "access", "secret", seconds=0.2)
        refused(objects)
        assert not objects.healthy()


def test_server_that_is_stopped_and_goes_on(own: minio.Minio) -> None:
    objects = own.objects(seconds=2)
    objects.put("versions", "k", b"1", "text/plain")
    own.daemon.freeze()
    with pytest.raises(StorageUnavailable):
        objects.get("versions", "k")
    own.daemon.thaw()
    assert objects.get("versions", "k") == b"1"


def test_restart_in_between_is_not_noticed_afterwards(own: minio.Minio) -> None:
    objects = own.objects()
    objects.put("versions", "k", b"1", "text/plain")
    own.daemon.kill()
    own.daemon.start()
    assert objects.get("versions", "k") == b"1"


def lose(own: minio.Minio, drives: int) -> None:
    """As many drives fail for good: a file is where each folder was."""
    for drive in own.drives[:drives]:
        shutil.rmtree(drive)
        drive.write_text("broken")


def test_one_drive_lost_changes_nothing(own: minio.Minio) -> None:
    objects = own.objects()
    objects.put("versions", "before", b"1" * 300_000, "text/plain", reduced=True)
    lose(own, 1)
    assert objects.get("versions", "before") == b"1" * 300_000
    objects.put("versions", "after", b"2", "text/plain", reduced=True)
    assert objects.get("versions", "after") == b"2"
    assert objects.healthy()


def test_two_drives_lost_originals_are_read_and_nothing_is_written(own: minio.Minio) -> None:
    root = own.objects(minio.ROOT)
    version = root.put("originals", "k", b"1" * 300_000, "text/plain").version_id
    lose(own, 2)
    objects = own.objects()
    assert objects.get("originals", "k", version) == b"1" * 300_000
    with pytest.raises(StorageUnavailable):
        root.put("originals", "new", b"2", "text/plain")
    assert loses_health(objects)


def test_more_drives_lost_than_can_be_is_never_health(own: minio.Minio) -> None:
    """A server in this state may say that an object isn't there: who would delete on it must ask whole() first."""
    root = own.objects(minio.ROOT)
    root.put("originals", "k", b"1" * 300_000, "text/plain")
    lose(own, 3)
    with pytest.raises((StorageUnavailable, ObjectMissing)):
        own.objects().get("originals", "k")
    assert loses_health(own.objects())


def loses_health(objects: Objects) -> bool:
    """The server sees a lost drive about a second later."""
    limit = time.monotonic() + 20
    while objects.healthy():
        if time.monotonic() > limit:
            return False
        time.sleep(0.05)
    return True


def test_drives_that_are_being_healed_are_no_drives_to_answer_for_what_is_not_there(own: minio.Minio) -> None:
    """Two were replaced: the server calls itself healthy at once, and they hold nothing yet."""
    objects = own.objects()
    for number in range(20):
        objects.put("versions", f"k{number}", b"1" * 300_000, "text/plain", reduced=False)
    assert objects.whole()
    own.daemon.stop()
    for drive in own.drives[:2]:
        shutil.rmtree(drive)
        drive.mkdir()
    own.daemon.start()  # comes back when the server is healthy
    assert not objects.whole()
    assert objects.healthy()
    wait_for(objects.whole, 30)


DISK = {"state": "ok", "pool_index": 0, "set_index": 0}
OFFLINE, HEALING = {"state": "offline"}, {"healing": True}


@pytest.mark.pure
@pytest.mark.parametrize(
    ("lacking", "complete"),
    [
        ((), True),
        ((OFFLINE,), True),
        ((HEALING,), True),
        ((OFFLINE, HEALING), False),
        ((HEALING, HEALING), False),
        ((HEALING, HEALING | {"set_index": 1}), True),
        ((OFFLINE, OFFLINE | {"pool_index": 1}), True),
    ],
)
def test_what_each_set_of_drives_can_do_without(lacking: tuple[dict[str, object], ...], complete: bool) -> None:
    told = {"Backend": {"StandardSCParity": 2, "RRSCParity": 1}, "Disks": [DISK, *(DISK | one for one in lacking)]}
    assert drives.complete(told) is complete


def test_setting_up_says_that_there_is_no_server() -> None:
    with pytest.raises(StorageUnavailable):
        ensure(f"http://127.0.0.1:{free_port()}", "a", "b", minio.UPLOADER, minio.READER, minio.WORKER)
