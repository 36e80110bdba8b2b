"""Where backups are kept: whole files or none, in a folder and in a bucket of another S3 alike."""

import hashlib
import json
from pathlib import Path

import pytest
from minio import Minio as Client

from ops.backups import catalogue, stores
from ops.backups.stores import Bucket, Folder, Store, StoreError, WrongBytes, as_file
from tests.daemons import minio

DATA = [b"some ", b"", b"bytes"]
SHA256 = hashlib.sha256(b"some bytes").hexdigest()


def test_what_was_written_is_there(store: Store) -> None:
    assert not store.has("objects/ab/cd")
    assert store.names("objects/") == []
    store.write("objects/ab/cd", DATA, 10, SHA256)
    store.write("objects/ab/ce", DATA, 10)
    assert store.has("objects/ab/cd")
    assert b"".join(store.read("objects/ab/cd")) == b"some bytes"
    assert store.names("objects/ab/") == ["cd", "ce"]
    assert store.names("objects/") == ["ab"]


def test_other_bytes_than_are_known_leave_nothing(store: Store) -> None:
    with pytest.raises(WrongBytes):
        store.write("objects/ab/cd", [b"some", b" bites"], 10, SHA256)
    assert not store.has("objects/ab/cd")
    assert store.names("objects/ab/") == []


def test_large_files_go_in_parts(server: minio.Minio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "PART_BYTES", 5 << 20)
    Client(f"127.0.0.1:{server.port}", *minio.ROOT, secure=False).make_bucket("large")
    large, piece = Bucket(f"{server.url}/large", ":".join(minio.ROOT)), bytes(range(256)) * 4096
    sha256 = hashlib.sha256(piece * 12).hexdigest()
    large.write("it", [piece] * 12, 12 << 20, sha256)
    assert hashlib.sha256(b"".join(large.read("it"))).hexdigest() == sha256
    with pytest.raises(WrongBytes):
        large.write("other", [piece] * 11 + [piece[::-1]], 12 << 20, sha256)
    assert not large.has("other")


def test_what_is_not_there_can_not_be_read(store: Store) -> None:
    with pytest.raises(StoreError):
        b"".join(store.read("objects/none"))


@pytest.mark.pure
def test_a_folder_that_can_not_be_written_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="can't be written"):
        Folder(tmp_path / "file").write("name", DATA, 10)


def test_a_bucket_that_is_not_there_or_not_ours_says_so(server: minio.Minio) -> None:
    for url, key in ((f"{server.url}/none", ":".join(minio.ROOT)), (f"{server.url}/none", "wrong:key-of-nobody")):
        with pytest.raises(StoreError):
            stores.at(url, key).write("name", DATA, 10)


@pytest.mark.pure
@pytest.mark.parametrize(
    ("where", "key"), [("http://s3.lan/b", None), ("http://s3.lan/b", "one"), ("http://s3.lan", "a:b")]
)
def test_an_address_that_makes_no_sense_is_refused(where: str, key: str | None) -> None:
    with pytest.raises(StoreError):
        stores.at(where, key)


@pytest.mark.pure
def test_pieces_are_a_file() -> None:
    assert as_file(DATA).read() == b"some bytes"
    file = as_file([b"abc", b"defg"])
    assert [file.read(2), file.read(3), file.read(10), file.read(1)] == [b"ab", b"cde", b"fg", b""]


@pytest.mark.pure
def test_only_finished_backups_count(tmp_path: Path) -> None:
    store = Folder(tmp_path)
    with pytest.raises(StoreError, match="no finished backup"):
        catalogue.manifest(store, None)
    for stamp in ("20260101T000000Z", "20260102T000000Z"):
        text = catalogue.Manifest(stamp, 1, 2, "a", "b").text()
        store.write(catalogue.place(stamp, catalogue.MANIFEST), [text], len(text))
    store.write(catalogue.place("20260103T000000Z", catalogue.DUMP), DATA, 10)
    assert catalogue.finished(store) == ["20260101T000000Z", "20260102T000000Z"]
    assert catalogue.manifest(store, None).stamp == "20260102T000000Z"
    with pytest.raises(StoreError, match="no finished backup 2026"):
        catalogue.manifest(store, "20260103T000000Z")


@pytest.mark.pure
def test_a_backup_of_a_later_release_is_not_guessed_at(tmp_path: Path) -> None:
    told = json.dumps({"format": 2, "stamp": "20260101T000000Z"}).encode()
    Folder(tmp_path).write(catalogue.place("20260101T000000Z", catalogue.MANIFEST), [told], len(told))
    with pytest.raises(StoreError, match="format 2"):
        catalogue.manifest(Folder(tmp_path), None)
