"""What only buckets have: what an object is besides its bytes, versions, keys, sizes, and readers far away."""

import os
from contextlib import ExitStack
from uuid import uuid4

import pytest
from minio import Minio as Client
from minio.versioningconfig import ENABLED, VersioningConfig

from appliance.library.buckets import copying
from appliance.library.deciding import decide
from appliance.library.keeping import Wish
from appliance.library.keepings import Keepings
from appliance.library.originals.expiring import Expired
from appliance.library.originals.hindrances import Hindrance, NoRoom, NotDone
from appliance.library.outcomes import Looked, Unreadable
from processors.sandbox.probe import probe as probe_layers
from storage import buckets
from storage.buckets import Bucket
from storage.endpoint import Endpoint
from storage.errors import StorageUnavailable
from storage.tenants import Tenants
from tests.daemons.minio import ROOT
from tests.library.buckets.grounds import (
    NEW,
    NOW,
    OLD,
    OTHER,
    UNTIL,
    Buckets,
    found,
    must_be_taken,
    replaced,
    under_way,
    workflow,
)
from tests.processors.clips import FAST, TONE, clip

FILM, MOVED = "film.avi", "film.mkv"
TOLD = {"content_type": "video/x-msvideo", "cache_control": "max-age=3", "x_amz_meta_shelf": "7"}
TAGS = "colour=black%20and%20white&year=1931"


@pytest.mark.pure
@pytest.mark.parametrize("name", [None, MOVED])
def test_what_its_owner_noted_is_kept_and_comes_back(bucket: Buckets, name: str | None) -> None:
    asset = uuid4()
    bucket.put(FILM, OLD, **TOLD, x_amz_tagging=TAGS)
    before = bucket.bucket.head(f"old/{FILM}")
    assert before
    must_be_taken(replaced(bucket, FILM, name, asset))
    new = bucket.bucket.head(f"old/{name or FILM}")
    assert new
    assert dict(new.headers) == dict(before.headers) | ({"content-type": "video/x-matroska"} if name else {})
    assert bucket.bucket.tags(new) == {"x-amz-tagging": TAGS}
    bucket.kept().undo(FILM.encode(), asset)
    back = bucket.bucket.head(f"old/{FILM}")
    assert back
    assert (back.headers, bucket.bucket.tags(back)) == (before.headers, {"x-amz-tagging": TAGS})


@pytest.mark.pure
@pytest.mark.parametrize("name", [None, MOVED])
def test_what_is_put_there_at_the_last_moment_stays(
    bucket: Buckets, name: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the original was kept, and before what was made is put in its place."""
    bucket.put(FILM, OLD)
    sent = Bucket.put_file

    def meanwhile(self: Bucket, key: str, *words: object) -> None:
        bucket.put(name or FILM, OTHER)
        sent(self, key, *words)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(Bucket, "put_file", meanwhile)
        told = replaced(bucket, FILM, name)
    assert isinstance(told, NotDone)
    assert told.why is (Hindrance.OCCUPIED if name else Hindrance.CHANGED)
    assert bucket.get(name or FILM) == OTHER
    assert bucket.hidden() == []


@pytest.mark.pure
@pytest.mark.parametrize("name", [None, MOVED])
def test_where_versions_are_kept_all_of_the_original_goes_in_its_time(bucket: Buckets, name: str | None) -> None:
    client = Client(bucket.server.url.removeprefix("http://"), *ROOT, secure=False)
    client.set_bucket_versioning(bucket.name, VersioningConfig(ENABLED))
    first, second = uuid4(), uuid4()
    bucket.put(FILM, OLD)
    must_be_taken(replaced(bucket, FILM, name, first))
    bucket.kept().undo(FILM.encode(), first)
    assert (bucket.get(FILM), bucket.get(MOVED)) == (OLD, None)
    must_be_taken(replaced(bucket, FILM, name, second))
    list(bucket.kept().expire(UNTIL))
    assert (bucket.get(name or FILM), bucket.hidden()) == (NEW, [])
    left = client.list_objects(bucket.name, recursive=True, include_version=True)
    assert [one.size for one in left if not one.is_delete_marker] == [len(NEW)]


@pytest.mark.pure
def test_a_version_that_somebody_made_the_newest_again_is_theirs(bucket: Buckets) -> None:
    client, asset = Client(bucket.server.url.removeprefix("http://"), *ROOT, secure=False), uuid4()
    client.set_bucket_versioning(bucket.name, VersioningConfig(ENABLED))
    bucket.put(FILM, OLD)
    must_be_taken(replaced(bucket, FILM, None, asset))
    made = bucket.bucket.head(f"old/{FILM}")
    assert made
    bucket.bucket.delete_version(made.key, made.version_id)
    assert bucket.get(FILM) == OLD
    assert isinstance(bucket.kept().release(FILM.encode(), asset), Expired)
    assert (bucket.get(FILM), bucket.hidden()) == (OLD, [])


@pytest.mark.pure
def test_what_is_sent_and_copied_in_parts(bucket: Buckets, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buckets, "SENT", 1 << 20)
    monkeypatch.setattr(buckets, "SENT_PART", 5 << 20)
    monkeypatch.setattr(buckets, "COPIED", 5 << 20)
    old, new, asset = os.urandom(11 << 20), os.urandom(7 << 20), uuid4()
    bucket.put(FILM, old, **TOLD)
    with under_way(bucket, FILM, asset, new) as (opened, scratch):
        must_be_taken(bucket.keeping.replace(opened, scratch, Wish(NOW, UNTIL, None)))
    assert bucket.get(FILM) == new
    bucket.kept().undo(FILM.encode(), asset)
    assert bucket.get(FILM) == old
    assert bucket.hidden() == []


@pytest.mark.pure
def test_a_key_that_others_can_read_is_refused_and_not_shown(bucket: Buckets) -> None:
    secret = bucket.key_file.read_text().strip().partition(":")[2]
    bucket.put(FILM, OLD)
    bucket.key_file.chmod(0o640)
    why = bucket.kept().forbidden()
    assert why
    assert f"chmod 600 {bucket.key_file}" in why
    with pytest.raises(PermissionError, match="others can read the key file"):
        bucket.kept().find()
    bucket.key_file.chmod(0o600)
    assert len(list(bucket.kept().find())) == 1
    bucket.key_file.write_text(f"no key, {secret}")
    why = bucket.kept().forbidden()
    assert why
    assert "ACCESS:SECRET" in why
    assert secret not in why
    bucket.key_file.unlink()
    assert "No such file" in (bucket.kept().forbidden() or "")


@pytest.mark.pure
def test_a_key_that_may_only_read_is_told_before_the_work(bucket: Buckets, tenants: Tenants) -> None:
    key = tenants.issue(bucket.name, read_only=True)
    bucket.put(FILM, OLD)
    bucket.key_file.write_text(f"{key.access}:{key.secret}")
    assert len(list(bucket.kept().find())) == 1
    why = bucket.kept().forbidden()
    assert why
    assert "AccessDenied" in why
    told = replaced(bucket, FILM)
    assert isinstance(told, NotDone)
    assert told.why is Hindrance.AWAY  # the file is not to blame
    assert bucket.get(FILM) == OLD


@pytest.mark.pure
def test_no_room_for_a_copy_and_no_endpoint(bucket: Buckets) -> None:
    bucket.put(FILM, OLD)
    version = found(bucket)[FILM].version
    with ExitStack() as stack:
        told = bucket.kept(least_free="1000T").open(FILM.encode(), version, stack)
        assert isinstance(told, NoRoom)
        away = bucket.kept(Endpoint("http://127.0.0.1:9")).open(FILM.encode(), version, stack)
        assert isinstance(away, NotDone)
        assert away.why is Hindrance.AWAY
        with pytest.raises(StorageUnavailable):  # the attempt is put off, and is not one of those that are counted
            bucket.kept(Endpoint("http://127.0.0.1:9")).settled(FILM.encode(), uuid4())
    source = {"bucket": bucket.name, "prefix": "old/", "key_file": "films.key"}
    nowhere = Keepings(bucket.folder, bucket.local).of(workflow(source))
    with pytest.raises(OSError, match="no endpoint is named"):
        nowhere.find()


async def test_what_a_film_says_of_itself_is_read_from_its_ends(
    bucket: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    doors = await probe_layers()
    monkeypatch.setattr(copying, "END", 64 << 10)
    read, pieces = [0], Bucket.pieces

    def counted(self: Bucket, *words: object) -> object:
        for piece in pieces(self, *words):  # type: ignore[arg-type]
            read[0] += len(piece)
            yield piece

    monkeypatch.setattr(Bucket, "pieces", counted)
    rich = (*TONE, *FAST, "-b:v", "4M", "-minrate", "4M", "-maxrate", "4M", "-bufsize", "1M")
    for name in ("film.mp4", "film.mkv", "film.avi"):
        data = clip(*rich, suffix={"mkv": "matroska"}.get(name[-3:], name[-3:]))
        bucket.put(name, data)
        read[0] = 0
        looked = await bucket.keeping.look(found(bucket)[name], doors)
        assert isinstance(looked, Looked), looked
        assert read[0] == (len(data) if name == "film.avi" else 0), name
        if name != "film.avi":
            with monkeypatch.context() as patched:
                patched.setattr(copying, "ends", lambda *words: None)
                whole = await bucket.keeping.look(found(bucket)[name], doors)
            assert isinstance(whole, Looked)
            wanted = workflow({"folder": "/x"})
            assert (looked.facts, decide(looked, wanted)) == (whole.facts, decide(whole, wanted))
    assert bucket.hidden() == []


async def test_what_is_another_object_by_now_is_not_looked_at(bucket: Buckets) -> None:
    doors = await probe_layers()
    bucket.put(FILM, OLD)
    before = found(bucket)[FILM]
    bucket.put(FILM, OTHER)
    told = await bucket.keeping.look(before, doors)
    assert "while it was looked at" in getattr(told, "reason", "")
    bucket.gone(FILM)
    assert isinstance(await bucket.keeping.look(before, doors), Unreadable)


@pytest.mark.pure
@pytest.mark.parametrize(
    ("first", "last", "told"),
    [
        (b"\0\0\0 ftypisom", b"....moov....", True),
        (b"\0\0\0 ftypisom....moov....mvex", b"", False),  # in fragments, each with an index of its own
        (b"\0\0\0 ftypisom....mdat", b"....", False),
        (b"\x1a\x45\xdf\xa3....\x44\x89....", b"", True),
        (b"\x1a\x45\xdf\xa3........", b"", False),
        (b"RIFF....AVI LIST", b"idx1", False),
    ],
)
def test_whose_ends_tell_all(first: bytes, last: bytes, told: bool) -> None:
    assert copying.tells(first, last) is told


@pytest.mark.pure
@pytest.mark.long
def test_more_than_a_page_and_what_is_hidden_is_never_entered(bucket: Buckets, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = [f"!{number:04}.mkv" for number in range(600)] + [f"old/{number:04}.mkv" for number in range(1100)]
    for key in (*keys, *(f".darkroom/kept/{number:04}/x.mkv" for number in range(2300))):
        bucket.bucket.put(key, b"x", {})
    asked, send = [0], Bucket._send

    def counted(self: Bucket, *words: object, **more: object) -> object:
        asked[0] += 1
        return send(self, *words, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(Bucket, "_send", counted)
    assert [stat.key for stat in bucket.bucket.list("", hidden=".darkroom/")] == sorted(keys)
    assert asked[0] == 3
