"""A file is replaced whole with all that it is besides its bytes, or not at all, and then it is said why."""

import os
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.library.originals import beginning, replacing
from appliance.library.originals.beginning import Job
from appliance.library.originals.dressing import dress
from appliance.library.originals.hindrances import Hindrance, NotDone, Stop
from appliance.library.originals.keeping import kept
from appliance.library.originals.leases import Lease, lease
from appliance.library.originals.records import Record
from appliance.library.originals.replacing import Replaced, replace
from appliance.library.originals.spots import Spot
from appliance.library.originals.undoing import Undone
from tests.library.originals.fallback import without_flags
from tests.library.originals.scene import NEW, NOBODY, OLD, OTHER, UNTIL, WRITTEN, Scene, as_nobody, digest, dying

pytestmark = pytest.mark.pure
WRITING = "import sys; file = open(sys.argv[1], 'r+b'); file.write(b'written'); file.close()"


def wait_for_break(writer: "subprocess.Popen[bytes]") -> None:
    """Until it waits for a lease to be given up."""
    while "BREAKING" not in Path("/proc/locks").read_text():
        assert writer.poll() is None


def why(outcome: object) -> Hindrance:
    assert isinstance(outcome, NotDone), outcome
    return outcome.why


def test_all_but_the_bytes_is_as_it_was(scene: Scene) -> None:
    read = time.time_ns() + 3600 * 10**9  # so that no reading of it sets another one
    os.utime(scene.film, ns=(read, WRITTEN))
    os.setxattr(scene.film, "user.title", b"A film\xff")
    inode = scene.film.stat().st_ino
    done = scene.replace()
    assert isinstance(done, Replaced)
    assert done.lost == ()
    scene.must_be_new()
    facts = scene.new.stat()
    assert (facts.st_mtime_ns, facts.st_atime_ns) == (WRITTEN, read)
    assert (facts.st_mode & 0o7777, facts.st_nlink) == (0o640, 1)
    assert os.getxattr(scene.new, "user.title") == b"A film\xff"
    assert (scene.kept / "original").stat().st_ino == inode
    assert not scene.work.exists()


def test_the_record_says_all_that_is_needed(scene: Scene) -> None:
    scene.replaced()
    (one,) = kept(scene.place)
    record = one.record
    assert isinstance(record, Record)
    assert (record.path, record.new, record.until) == (b"films/film.avi", scene.new.name, UNTIL)
    assert record.original.known == (len(OLD), digest(OLD))
    assert record.made.known == (len(NEW), digest(NEW))
    assert record.original.allocated >= len(OLD)
    assert scene.hidden.stat().st_mode & 0o777 == 0o700


CHANGES: dict[str, Callable[[Scene], object]] = {
    "another length": lambda scene: scene.film.write_bytes(OTHER),
    "another time": lambda scene: os.utime(scene.film, ns=(0, 0)),
    "another file": lambda scene: (scene.film.unlink(), scene.shoot()),
    "a link": lambda scene: (scene.film.rename(scene.folder / "moved"), scene.film.symlink_to(scene.folder / "moved")),
    "no other length or time": lambda scene: (
        scene.film.write_bytes(OLD[::-1]),
        os.utime(scene.film, ns=(0, WRITTEN)),
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_was_changed_meanwhile_stays(scene: Scene, change: Callable[[Scene], object]) -> None:
    outcome = scene.replace(meanwhile=lambda: change(scene))
    assert isinstance(outcome, NotDone)
    assert outcome.why in (Hindrance.CHANGED, Hindrance.FAILED)
    assert scene.film.read_bytes() in (OLD, OTHER, OLD[::-1])
    assert not scene.kept.exists()


def test_what_is_changed_while_what_was_made_is_read_stays(film: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """By one who sets its time back."""

    @contextmanager
    def leased(descriptor: int) -> Iterator[Lease]:
        CHANGES["no other length or time"](film)
        with lease(descriptor) as held:
            yield held

    monkeypatch.setattr(beginning, "lease", leased)
    assert why(film.replace()) is Hindrance.CHANGED
    assert film.film.read_bytes() == OLD[::-1]


def test_another_mode_is_no_change(film: Scene) -> None:
    assert isinstance(film.replace(meanwhile=lambda: film.film.chmod(0o600)), Replaced)
    assert film.film.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("step", ["bring", "last"])
def test_what_takes_the_name_at_the_last_moment_stays(film: Scene, step: str) -> None:
    def done(name: str) -> None:
        if name == step:
            other = film.folder / "other"
            other.write_bytes(OTHER)
            other.rename(film.film)

    assert why(film.replace(done=done)) is Hindrance.CHANGED
    assert film.film.read_bytes() == OTHER
    assert not film.kept.exists()


def test_what_takes_the_name_after_the_last_look_comes_out_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which no program can do on purpose: so it is done where the look has just been had."""
    look = replacing._must_be_still

    def looked(job: Job) -> None:
        look(job)
        scene.film.unlink()
        scene.film.write_bytes(OTHER)

    monkeypatch.setattr(replacing, "_must_be_still", looked)
    assert why(scene.replace()) is Hindrance.CHANGED
    assert scene.film.read_bytes() == OTHER
    assert os.listdir(scene.film.parent) == ["film.avi"]
    assert not scene.kept.exists()


def test_what_is_open_for_writing_stays(scene: Scene) -> None:
    with scene.film.open("r+b"):
        assert why(scene.replace()) is Hindrance.IN_USE
    scene.must_be_old()
    with scene.film.open("rb"):
        assert isinstance(scene.replace(), Replaced)


def test_who_begins_to_write_meanwhile_gets_the_original(film: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits until that is decided, and then has what it asked for; nobody sees the new one for a moment."""
    monkeypatch.setattr(replacing, "exchange", None)
    writer: list[subprocess.Popen[bytes]] = []

    def begin(step: str) -> None:
        if step == "clothe":
            writer.append(subprocess.Popen([sys.executable, "-c", WRITING, str(film.film)]))
            wait_for_break(writer[0])

    assert why(film.replace(done=begin)) is Hindrance.IN_USE
    assert writer[0].wait(20) == 0
    assert film.film.read_bytes() == b"written" + OLD[len(b"written") :]
    assert not film.kept.exists()


def test_who_begins_to_write_at_the_last_moment_gets_the_original(film: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the exchange has been done."""
    swapped = replacing.exchange

    def exchange(own: Spot, other: Spot) -> None:
        swapped(own, other)
        if not writer:
            original = film.kept / own.name  # as one opens it who had looked up its name before
            writer.append(subprocess.Popen([sys.executable, "-c", WRITING, str(original)]))
            wait_for_break(writer[0])

    writer: list[subprocess.Popen[bytes]] = []
    monkeypatch.setattr(replacing, "exchange", exchange)
    assert why(film.replace()) is Hindrance.IN_USE
    assert writer[0].wait(20) == 0
    assert film.film.read_bytes() == b"written" + OLD[len(b"written") :]


def test_what_has_other_names_stays(scene: Scene) -> None:
    os.link(scene.film, scene.folder / "again")
    assert why(scene.replace()) is Hindrance.HARD_LINKS
    (scene.folder / "again").unlink()
    scene.must_be_old()


def test_a_name_that_is_taken_stays(folder: Path) -> None:
    scene = Scene(folder, folder / "film.avi", "film.mkv").shoot()
    scene.new.write_bytes(OTHER)
    assert why(scene.replace()) is Hindrance.OCCUPIED
    scene.new.unlink()
    late = scene.replace(done=lambda step: scene.new.write_bytes(OTHER) if step == "last" else None)
    assert why(late) is Hindrance.OCCUPIED
    assert scene.new.read_bytes() == OTHER
    scene.new.unlink()
    scene.must_be_old()


def test_the_same_bytes_replace_nothing(film: Scene) -> None:
    with film.making(OLD) as scratch:
        assert why(replace(scratch, film.order())) is Hindrance.SAME
    film.must_be_old()


def test_what_was_made_is_still_there_where_it_was_not_used(film: Scene) -> None:
    with film.making() as scratch:
        order = film.order()
        with film.film.open("r+b"):
            assert why(replace(scratch, order)) is Hindrance.IN_USE
        assert isinstance(replace(scratch, order), Replaced)
    film.must_be_new()


def test_it_is_not_replaced_twice_for_one_asset(film: Scene) -> None:
    film.replaced()
    with film.making(OTHER) as scratch:
        assert why(replace(scratch, film.order())) is Hindrance.BUSY
    film.must_be_new()


NAMES = {"not UTF-8": b"\xff\xfe \n%s.avi", "the longest": b"f" * 251 + b".avi", "no extension": b"film"}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_any_name(folder: Path, name: bytes) -> None:
    scene = Scene(folder, folder / "\udcff folder" / os.fsdecode(name)).shoot().replaced()
    scene.must_be_new()
    assert isinstance(scene.undo(), Undone)
    scene.must_be_old()


def test_no_link_leads_out(folder: Path) -> None:
    """Where a folder was made a link meanwhile."""
    scene = Scene(folder, folder / "films/film.mkv").shoot()

    def swap() -> None:
        (folder / "films").rename(folder / "elsewhere")
        (folder / "films").symlink_to("/")

    assert isinstance(scene.replace(meanwhile=swap), NotDone)
    assert (folder / "elsewhere/film.mkv").read_bytes() == OLD


def test_without_the_flags_of_renameat2(scene: Scene) -> None:
    """As on NFS: the kernel says that it does not know them."""

    def there_and_back() -> None:
        without_flags()
        scene.replaced()
        scene.must_be_new()
        scene.undo()
        scene.must_be_old()

    assert dying(there_and_back) == 0


@pytest.mark.root
def test_the_owner_stays_the_owner(scene: Scene) -> None:
    os.chown(scene.film, NOBODY, 12345)
    scene.film.chmod(0o4640)
    done = scene.replace()
    assert isinstance(done, Replaced)
    facts = scene.new.stat()
    assert (facts.st_uid, facts.st_gid, facts.st_mode & 0o7777, done.lost) == (NOBODY, 12345, 0o4640, ())


@pytest.mark.root
def test_who_is_not_root_says_what_it_may_not_give(folder: Path) -> None:
    film = Scene(folder, folder / "films/film.mkv").shoot()
    film.film.chmod(0o6644)
    for path in (folder, film.film.parent):
        path.chmod(0o777)
    with as_nobody():
        done = film.replace()
        facts = film.film.stat()
    assert isinstance(done, Replaced)
    assert (facts.st_uid, facts.st_mode & 0o7777, done.lost) == (NOBODY, 0o644, ("owner", "group"))


@pytest.mark.root
def test_nobody_loses_a_file_that_only_the_owner_can_read(folder: Path) -> None:
    descriptors = []
    for name, owner in (("made", NOBODY), ("original", 0)):
        (folder / name).touch(0o600)
        os.chown(folder / name, owner, owner)
        descriptors.append(os.open(folder / name, os.O_RDWR))
    with as_nobody(), pytest.raises(Stop) as stopped:
        dress(*descriptors)
    assert stopped.value.what.why is Hindrance.OWNER
    for descriptor in descriptors:
        os.close(descriptor)


@pytest.mark.root
def test_access_lists(film: Scene) -> None:
    """Of one more user; and none that the folder would give to what is made in it."""
    entry = struct.Struct("<HHI")
    entries = [(1, 6, -1), (2, 4, NOBODY), (4, 4, -1), (16, 4, -1), (32, 0, -1)]
    granted = struct.pack("<I", 2) + b"".join(entry.pack(tag, rights, who & 0xFFFFFFFF) for tag, rights, who in entries)
    os.setxattr(film.folder, "system.posix_acl_default", granted)
    film.replaced()
    assert os.listxattr(film.film) == []
    film.undo()
    os.setxattr(film.film, "system.posix_acl_access", granted)
    film.replaced()
    assert os.getxattr(film.film, "system.posix_acl_access") == granted
