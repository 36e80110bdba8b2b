"""What each key may do, and that nothing else is possible with it."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from storage.multiparts import Multiparts, Unfinished
from storage.objects import Objects, StorageError
from tests.daemons import minio


@pytest.fixture(scope="module")
def stored(root: Objects) -> tuple[str, str]:
    """An original's key and version; the versions' bucket holds an object of the same key."""
    key = f"projects/1/images/{uuid4()}"
    root.put("versions", key, b"v", "image/jpeg")
    return key, root.put("originals", key, b"o", "image/jpeg").version_id


def parts(objects: Objects) -> Multiparts:
    """The same server with the same key."""
    found = Multiparts(objects._endpoint, "any", "one")
    found._transport = objects._transport
    return found


NOW = datetime.now(UTC)
Call = Callable[[Objects, str, str], object]
CALLS: dict[str, Call] = {
    "write original": lambda o, key, _: o.put("originals", f"{key}-new", b"1", "image/jpeg"),
    "write version": lambda o, key, _: o.put("versions", f"{key}-new", b"1", "image/jpeg"),
    "look at original": lambda o, key, version: o.head("originals", key, version),
    "look for what is not there": lambda o, key, _: o.head("originals", f"{key}-none") is None or 1 / 0,
    "read original": lambda o, key, version: o.get("originals", key, version),
    "read version": lambda o, key, _: o.get("versions", key),
    "list originals": lambda o, key, _: list(o.list("originals", key)),
    "list with versions": lambda o, key, _: list(o.list("originals", key, versions=True)),
    "delete original": lambda o, key, _: o.delete_version("originals", f"{key}-none", str(uuid4())),
    "delete version": lambda o, key, _: o.delete_version("versions", f"{key}-none", ""),
    "list unfinished": lambda o, key, _: parts(o).unfinished("originals", key),
    "abort unfinished": lambda o, key, _: parts(o).abort("originals", Unfinished(key, str(uuid4()), NOW)),
    "abort a version's": lambda o, key, _: parts(o).abort("versions", Unfinished(key, str(uuid4()), NOW)),
    "write elsewhere": lambda o, key, _: o.put("elsewhere", key, b"1", "image/jpeg"),
}
READS = {"look at original", "look for what is not there", "read original", "read version"}
ALLOWED = {
    minio.UPLOADER: {"write original", "abort unfinished"},
    minio.READER: READS,
    minio.WORKER: READS
    | {"write version", "list originals", "list with versions", "delete original", "delete version"}
    | {"list unfinished", "abort unfinished"},
}


@pytest.mark.parametrize("key", ALLOWED, ids=lambda key: key.access)
def test_an_api_is_ready_once_storage_knows_its_key(server: minio.Minio, key: minio.Key) -> None:
    """A form signed before that would be refused for good, where clients try again what is refused for a time."""
    assert Objects(server.url, *key).ready()
    assert Objects(server.url, f"{key.access}-soon", key.secret).healthy()
    assert not Objects(server.url, f"{key.access}-soon", key.secret).ready()


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("key", ALLOWED, ids=lambda key: key.access)
def test_key_may_do_what_it_needs_and_no_more(
    server: minio.Minio, stored: tuple[str, str], key: minio.Key, call: str
) -> None:
    objects = server.objects(key)
    if call in ALLOWED[key]:
        CALLS[call](objects, *stored)
    else:
        with pytest.raises(StorageError, match="403"):
            CALLS[call](objects, *stored)


def test_only_the_worker_may_ask_for_the_drives(server: minio.Minio) -> None:
    assert [server.objects(key).whole() for key in ALLOWED] == [False, False, True]


@pytest.mark.parametrize("key", [minio.Key(minio.WORKER.access, "guess"), minio.Key("nobody-at-all", "guess")])
def test_wrong_secret_opens_nothing(server: minio.Minio, stored: tuple[str, str], key: minio.Key) -> None:
    with pytest.raises(StorageError, match="403"):
        server.objects(key).get("originals", *stored)
