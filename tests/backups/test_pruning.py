"""What nobody keeps goes, with the objects that only it referred to; whatever happens, what is kept stays whole."""

import gzip
import hashlib
import json
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from appliance.upkeep.snapshot import Reference
from ops.backups import catalogue, locks, pruning
from ops.backups.catalogue import Manifest
from ops.backups.stores import Folder, Store, StoreError, WrongBytes

STAMPS = ["20261101T000000Z", "20261102T000000Z", "20261103T000000Z"]


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def put(store: Store, name: str, content: bytes) -> None:
    store.write(name, [content], len(content))


def backup(store: Store, stamp: str, contents: Iterable[bytes], finished: bool = True) -> None:
    """A backup as ./ops/backup writes it, of these objects."""
    lines = [catalogue.line(Reference("originals", f"k/{sha(one)}", "v", len(one), sha(one), True)) for one in contents]
    listed = gzip.compress("".join(lines).encode())
    for one in contents:
        put(store, catalogue.object_name(sha(one)), one)
    put(store, catalogue.place(stamp, catalogue.DUMP), b"dump")
    put(store, catalogue.place(stamp, catalogue.OBJECTS), listed)
    if finished:
        text = Manifest(stamp, len(lines), 0, sha(b"dump"), sha(listed)).text()
        put(store, catalogue.place(stamp, catalogue.MANIFEST), text)


def three(store: Store) -> dict[str, list[bytes]]:
    """Three backups, each with one object more and one less than the one before; one that was broken off."""
    made = {stamp: [b"%d" % number for number in range(at, at + 5)] for at, stamp in enumerate(STAMPS)}
    for stamp, contents in made.items():
        backup(store, stamp, contents)
    backup(store, "20261102T120000Z", [b"of a broken one"], finished=False)
    return made


def whole(store: Store, contents: Iterable[bytes]) -> bool:
    return all(b"".join(store.read(catalogue.object_name(sha(one)))) == one for one in contents)


def prune(store: Store, going: Iterable[str], folder: Path, really: bool = True) -> pruning.Pruned:
    return pruning.prune(store, list(going), folder, really, lambda count, objects: None)


def test_only_what_nothing_refers_to_goes(store: Store, tmp_path: Path) -> None:
    made = three(store)
    told = prune(store, STAMPS[:2], tmp_path, really=False)
    assert (told.backups, told.unfinished, told.objects) == (2, 1, 3)
    assert catalogue.finished(store) == STAMPS, "it was only told"
    assert prune(store, STAMPS[:2], tmp_path) == told
    assert catalogue.finished(store) == store.names("backups/") == STAMPS[2:]
    assert whole(store, made[STAMPS[2]])
    for gone in (b"0", b"1", b"of a broken one"):
        assert not store.has(catalogue.object_name(sha(gone)))
    assert prune(store, [], tmp_path) == pruning.Pruned()


@pytest.mark.pure
def test_one_at_least_stays(tmp_path: Path) -> None:
    store = Folder(tmp_path / "store")
    three(store)
    with pytest.raises(StoreError, match="one backup at least"):
        prune(store, STAMPS, tmp_path)
    assert catalogue.finished(store) == STAMPS


@pytest.mark.pure
def test_a_list_that_can_not_be_read_whole_removes_nothing(tmp_path: Path) -> None:
    store = Folder(tmp_path / "store")
    made = three(store)
    place = tmp_path / "store" / catalogue.place(STAMPS[2], catalogue.OBJECTS)
    good = place.read_bytes()
    for bad in (good[:-1] + bytes([good[-1] ^ 1]), gzip.compress(b"")):
        place.write_bytes(bad)
        with pytest.raises(WrongBytes):
            prune(store, STAMPS[:1], tmp_path)
        assert catalogue.finished(store) == STAMPS
        assert whole(store, {one for contents in made.values() for one in contents})


class Dying(Folder):
    """A store whose user is killed at a removal."""

    left = 0

    def remove(self, name: str) -> None:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1
        super().remove(name)


@pytest.mark.pure
def test_it_may_be_killed_at_any_removal(tmp_path: Path) -> None:
    for moment in (0, 1, 2, 4, 6, 9, 11, 20):
        store = Dying(tmp_path / f"store{moment}")
        made = three(store)
        store.left = moment
        try:
            prune(store, STAMPS[:2], tmp_path)
        except KeyboardInterrupt:
            for stamp in catalogue.finished(store):
                assert whole(store, made[stamp]), "what still counts as a backup is one"
            store.left = -1
            prune(store, STAMPS[:2], tmp_path)
        else:
            assert moment > 8
        assert catalogue.finished(store) == STAMPS[2:]
        assert len(list((tmp_path / f"store{moment}").glob("objects/*/*"))) == 5


@pytest.mark.pure
def test_what_killed_writers_left_goes_too(tmp_path: Path) -> None:
    store = Folder(tmp_path / "store")
    three(store)
    left = tmp_path / "store/objects/ab/.cd.01234567.new"
    left.parent.mkdir(exist_ok=True)
    left.touch()
    prune(store, [], tmp_path)
    assert not left.exists()


def test_nobody_prunes_while_another_writes(store: Store) -> None:
    with locks.held(store, locks.BACKUP), locks.held(store, locks.BACKUP):
        with pytest.raises(locks.InUse, match="a backup is being written"), locks.held(store, locks.PRUNE):
            raise AssertionError("not reached")
        assert len(store.names("locks/")) == 2
    with (
        locks.held(store, locks.PRUNE),
        pytest.raises(locks.InUse, match="are being removed"),
        locks.held(store, locks.BACKUP),
    ):
        raise AssertionError("not reached")
    assert store.names("locks/") == []


@pytest.mark.pure
def test_who_was_killed_holds_nothing_for_ever(tmp_path: Path) -> None:
    store = Folder(tmp_path)
    for at, kind in ((time.time() - locks.STALE_SECONDS - 1, "backup"), (time.time() - 60, "prune")):
        put(store, f"locks/{kind}-1", json.dumps({"at": at, "host": "h", "pid": 1}).encode())
    with pytest.raises(locks.InUse, match="in 29 minutes"), locks.held(store, locks.PRUNE):
        raise AssertionError("not reached")
    store.remove("locks/prune-1")
    with locks.held(store, locks.PRUNE):
        assert [name.startswith("prune") for name in store.names("locks/")] == [True]


@pytest.mark.pure
def test_a_lock_is_renewed_while_its_owner_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "RENEW_SECONDS", 0.02)
    store = Folder(tmp_path)

    def at() -> float:
        [name] = [path for path in (tmp_path / "locks").iterdir() if not path.name.startswith(".")]
        return float(json.loads(name.read_text())["at"])

    with locks.held(store, locks.BACKUP):
        first, limit = at(), time.monotonic() + 20
        while at() == first:
            assert time.monotonic() < limit
            time.sleep(0.01)


@pytest.mark.pure
def test_of_two_at_once_never_both_are_at_work(tmp_path: Path) -> None:
    store, at_work, both = Folder(tmp_path), set[str](), list[str]()
    start = threading.Barrier(2)

    def work(kind: str) -> None:
        for _ in range(30):
            start.wait(30)
            try:
                with locks.held(store, kind):
                    at_work.add(kind)
                    time.sleep(0.001)
                    both.extend(at_work - {kind})
                    at_work.discard(kind)
            except locks.InUse:
                pass

    threads = [threading.Thread(target=work, args=(kind,)) for kind in (locks.BACKUP, locks.PRUNE)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert not both


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path: Path) -> Iterator[None]:
    """Of the scratch files."""
    yield
    assert not list(tmp_path.glob("prune-*"))
