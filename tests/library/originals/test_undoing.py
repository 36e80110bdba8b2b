"""An original comes back bit for bit with all that it was, and nothing of others is lost by that."""

import base64
import os
from pathlib import Path

import pytest

from appliance.library.originals.expiring import expire
from appliance.library.originals.hindrances import Hindrance, NotDone
from appliance.library.originals.keeping import kept
from appliance.library.originals.places import Place
from appliance.library.originals.replacing import Replaced, replace
from appliance.library.originals.undoing import Undone, undo
from tests.library.originals.scene import NEW, NOBODY, OLD, OTHER, UNTIL, Scene, digest
from tests.library.originals.test_replacing import why

pytestmark = pytest.mark.pure


def test_it_comes_back_with_all_that_it_was(scene: Scene) -> None:
    os.setxattr(scene.film, "user.title", b"A film")
    inode = scene.film.stat().st_ino
    done = scene.replaced().undo()
    assert isinstance(done, Undone)
    assert digest(scene.film.read_bytes()) == done.record.original.sha256
    scene.must_be_old()
    assert scene.film.stat().st_ino == inode
    assert os.getxattr(scene.film, "user.title") == b"A film"
    assert sorted(os.listdir(scene.film.parent)) == ["film.avi"]


@pytest.mark.root
def test_from_the_disk_alone_as_it_was_copied_to_another(scene: Scene, tmp_path: Path) -> None:
    """Elsewhere, by bytes only: no owner, no mode, no time."""
    os.chown(scene.film, NOBODY, NOBODY)
    scene.replaced()
    for path in scene.folder.rglob("*"):
        copy = tmp_path / path.relative_to(scene.folder)
        copy.mkdir(mode=0o700, exist_ok=True) if path.is_dir() else copy.write_bytes(path.read_bytes())
    (one,) = kept(Place(str(tmp_path)))
    assert isinstance(undo(Place(str(tmp_path)), one.record.asset), Undone)
    moved = Scene(tmp_path, tmp_path / "films/film.avi", scene.name, scene.asset)
    moved.must_be_old()
    assert (moved.film.stat().st_uid, moved.film.stat().st_gid) == (NOBODY, NOBODY)


def test_what_was_removed_comes_back_as_well(scene: Scene) -> None:
    scene.replaced().new.unlink()
    assert isinstance(scene.undo(), Undone)
    scene.must_be_old()


def test_what_was_changed_since_stays_unless_forced(scene: Scene) -> None:
    scene.replaced().new.write_bytes(OTHER)
    assert why(scene.undo()) is Hindrance.CHANGED
    assert scene.new.read_bytes() == OTHER
    done = scene.undo(force=True)
    assert isinstance(done, Undone)
    assert scene.film.read_bytes() == OLD
    others = [path for path in scene.film.parent.iterdir() if path != scene.film]
    assert [path.read_bytes() for path in others] == [OTHER]
    assert [path.name for path in others] == [done.aside or scene.name]
    assert list(kept(scene.place)) == []


@pytest.mark.parametrize("gone", [False, True], ids=["another file", "a file where there was none"])
def test_what_takes_the_name_at_the_last_moment_stays(film: Scene, gone: bool) -> None:
    film.replaced()
    if gone:
        film.film.unlink()

    def take(step: str) -> None:
        if step == "mark":
            film.film.unlink(missing_ok=True)
            film.film.write_bytes(OTHER)

    assert why(film.undo(done=take)) is Hindrance.CHANGED
    assert film.film.read_bytes() == OTHER
    assert film.recover() == []
    film.film.write_bytes(NEW)
    film.must_be_new()
    assert isinstance(film.undo(), Undone)


def test_what_has_taken_the_old_name_since_stays_unless_forced(folder: Path) -> None:
    scene = Scene(folder, folder / "film.avi", "film.mkv").shoot().replaced()
    scene.film.write_bytes(OTHER)
    assert why(scene.undo()) is Hindrance.CHANGED
    done = scene.undo(force=True)
    assert isinstance(done, Undone)
    assert done.aside == "film.changed-1.avi"
    assert (folder / done.aside).read_bytes() == OTHER
    scene.must_be_old()


def test_a_name_aside_is_no_longer_than_names_may_be(folder: Path) -> None:
    for number in (1, 2):
        scene = Scene(folder, folder / ("\udcff" * 251 + ".avi")).shoot().replaced()
        scene.film.write_bytes(OTHER)
        done = scene.undo(force=True)
        assert isinstance(done, Undone)
        assert done.aside == "\udcff" * 241 + f".changed-{number}.avi"


def test_what_is_written_to_stays(scene: Scene) -> None:
    scene.replaced()
    with scene.new.open("r+b"):
        assert why(scene.undo()) is Hindrance.IN_USE
    scene.must_be_new()


def test_what_is_not_as_it_was_kept_is_not_put_back(scene: Scene) -> None:
    """One bit."""
    scene.replaced()
    data = bytearray(OLD)
    data[5000] ^= 1
    (scene.kept / "original").write_bytes(data)
    assert why(scene.undo()) is Hindrance.DAMAGED
    assert scene.new.read_bytes() == NEW


def test_a_record_that_is_damaged_is_told_and_nothing_is_touched(film: Scene) -> None:
    film.replaced()
    (film.kept / "replaced").write_bytes(b'{"asset": 1}')
    assert why(film.undo()) is Hindrance.DAMAGED
    for outcomes in (kept(film.place), film.recover() or kept(film.place), expire(film.place, UNTIL)):
        assert [why(one) for one in outcomes] == [Hindrance.DAMAGED]
    assert (film.kept / "original").read_bytes() == OLD


def test_a_record_leads_nowhere_else(film: Scene) -> None:
    film.replaced()
    text = (film.kept / "replaced").read_text()
    for path in (b"../film.mkv", b"/etc/film.mkv", b"films/../../film.mkv", b"films/"):
        (film.kept / "replaced").write_text(
            text.replace(base64.b64encode(b"films/film.mkv").decode(), base64.b64encode(path).decode())
        )
        assert why(film.undo()) is Hindrance.DAMAGED


def test_what_was_never_replaced_and_what_is_gone(scene: Scene) -> None:
    assert why(scene.undo()) is Hindrance.GONE
    scene.replaced()
    assert not any(isinstance(one, NotDone) for one in expire(scene.place, UNTIL))
    assert why(scene.undo()) is Hindrance.GONE
    assert scene.new.read_bytes() == NEW


def test_one_after_the_other_for_two_that_followed(film: Scene) -> None:
    """Only the one that came last has what can be undone."""
    film.replaced()
    second = Scene(film.folder, film.film)
    with second.making(OTHER) as scratch:
        assert isinstance(replace(scratch, second.order()), Replaced)
    assert why(film.undo()) is Hindrance.CHANGED
    assert isinstance(second.undo(), Undone)
    assert film.film.read_bytes() == NEW
    assert isinstance(film.undo(), Undone)
    film.must_be_old()
