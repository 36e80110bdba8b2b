"""What the work on a library asks of its place: a folder and a bucket answer alike."""

import hashlib
import os
import time
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from appliance.library.keeping import Brought, Wish
from appliance.library.originals.expiring import Expired
from appliance.library.originals.hindrances import Hindrance, NotDone
from appliance.library.originals.scratch import Scratch
from tests.library.buckets.grounds import (
    NEW,
    NOW,
    OLD,
    OTHER,
    UNTIL,
    Folder,
    Ground,
    a_moment,
    found,
    must_be_taken,
    replaced,
    under_way,
)

pytestmark = pytest.mark.pure
FILM = "series/film.avi"
NAMES = [None, "film.mkv"]


def why(told: object) -> Hindrance:
    assert isinstance(told, NotDone), told
    return told.why


def new(name: str | None) -> str:
    return f"series/{name}" if name else FILM


def test_files_with_a_wanted_extension_are_found_wherever_they_lie(ground: Ground) -> None:
    for name in ("one.MKV", FILM, "notes.txt", ".mkv", "ä b+c/%20.mp4", ".darkroom/kept/x.mkv"):
        ground.put(name, OLD)
    found_ones = found(ground)
    assert {"one.MKV", FILM, "ä b+c/%20.mp4"} <= set(found_ones)
    assert not {"notes.txt", ".mkv"} & set(found_ones)
    assert found_ones[FILM].size == len(OLD)
    assert abs(found_ones[FILM].mtime_ns / 1e9 - time.time()) < 120


@pytest.mark.parametrize("name", NAMES)
def test_replaced_and_brought_back_bit_for_bit(ground: Ground, name: str | None) -> None:
    asset = uuid4()
    ground.put(FILM, OLD)
    taken = must_be_taken(replaced(ground, FILM, name, asset))
    assert (ground.get(new(name)), ground.get(FILM)) == (NEW, None if name else NEW)
    assert (taken.sha256, taken.original) == tuple(hashlib.sha256(data).hexdigest() for data in (NEW, OLD))
    assert ground.hidden() == ["original", ground.hidden()[1]]
    there = found(ground)
    assert set(there) == {new(name)}
    assert (os.fsdecode(taken.now.path), taken.now.version) == (new(name), there[new(name)].version)
    assert ground.keeping.settled(FILM.encode(), asset) == taken
    brought = ground.keeping.undo(FILM.encode(), asset)
    assert isinstance(brought, Brought), brought
    assert (ground.get(FILM), ground.get(new("film.mkv"))) == (OLD, None)
    assert brought.now.version == found(ground)[FILM].version
    assert ground.hidden() == []
    assert why(ground.keeping.undo(FILM.encode(), asset)) is Hindrance.GONE
    # Who died before it was said finds out.
    assert ground.keeping.as_it_was(FILM.encode(), taken.original) == brought.now
    assert ground.keeping.as_it_was(FILM.encode(), taken.sha256) is None


@pytest.mark.parametrize("name", NAMES)
def test_what_somebody_has_changed_meanwhile_is_left(ground: Ground, name: str | None) -> None:
    ground.put(FILM, OLD)
    with under_way(ground, FILM) as (opened, scratch):
        a_moment()
        ground.put(FILM, OTHER)
        assert why(ground.keeping.replace(opened, scratch, Wish(NOW, UNTIL, name))) is Hindrance.CHANGED
    assert (ground.get(FILM), ground.get(new("film.mkv"))) == (OTHER, None)
    assert ground.hidden() == []


def test_nothing_is_written_over_what_has_the_new_name(ground: Ground) -> None:
    ground.put(FILM, OLD)
    ground.put(new("film.mkv"), OTHER)
    assert why(replaced(ground, FILM, "film.mkv")) is Hindrance.OCCUPIED
    assert (ground.get(FILM), ground.get(new("film.mkv"))) == (OLD, OTHER)
    assert ground.hidden() == []


def test_what_was_decided_about_is_worked_on_and_nothing_else(ground: Ground) -> None:
    ground.put(FILM, OLD)
    version = found(ground)[FILM].version
    a_moment()
    ground.put(FILM, OTHER)
    with ExitStack() as stack:
        assert why(ground.keeping.open(FILM.encode(), version, stack)) is Hindrance.CHANGED
        ground.gone(FILM)
        assert why(ground.keeping.open(FILM.encode(), version, stack)) is Hindrance.GONE


@pytest.mark.parametrize("name", NAMES)
def test_an_original_goes_in_its_time_and_not_before(ground: Ground, name: str | None) -> None:
    asset = uuid4()
    ground.put(FILM, OLD)
    must_be_taken(replaced(ground, FILM, name, asset))
    assert list(ground.keeping.expire(UNTIL - timedelta(seconds=1))) == []
    assert "original" in ground.hidden()
    [gone] = ground.keeping.expire(UNTIL)
    assert isinstance(gone, Expired), gone
    assert (gone.asset, gone.before.size, gone.after.size) == (asset, len(OLD), len(NEW))
    assert (ground.get(new(name)), ground.hidden()) == (NEW, [])
    assert list(ground.keeping.expire(UNTIL)) == []
    assert ground.keeping.let_go(FILM.encode(), asset)
    assert why(ground.keeping.undo(FILM.encode(), asset)) is Hindrance.GONE


def test_an_original_stays_where_what_took_its_place_is_not_whole(ground: Ground) -> None:
    ground.put(FILM, OLD)
    must_be_taken(replaced(ground, FILM))
    ground.put(FILM, OTHER)
    [told] = ground.keeping.expire(UNTIL)
    assert why(told) is Hindrance.CHANGED
    assert "original" in ground.hidden()


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_somebody_else_is_undone(ground: Ground, name: str | None) -> None:
    asset = uuid4()
    ground.put(FILM, OLD)
    must_be_taken(replaced(ground, FILM, name, asset))
    ground.put(FILM, OTHER)
    assert why(ground.keeping.undo(FILM.encode(), asset)) is Hindrance.CHANGED
    assert ground.get(FILM) == OTHER
    assert "original" in ground.hidden()


def test_what_was_made_is_gone_on_with(ground: Ground) -> None:
    asset, made = uuid4(), (len(NEW), hashlib.sha256(NEW).hexdigest())
    ground.put(FILM, OLD)
    with under_way(ground, FILM, asset) as (_, scratch):
        assert scratch.seal() == made
        scratch.keep()
    ground.keeping.recover([asset])
    with ExitStack() as stack:
        resumed = ground.keeping.resume(FILM.encode(), asset, made)
        assert isinstance(resumed, Scratch)
        stack.enter_context(resumed)
        opened = ground.keeping.open(FILM.encode(), found(ground)[FILM].version, stack)
        assert not isinstance(opened, NotDone)
        must_be_taken(ground.keeping.replace(opened, resumed, Wish(NOW, UNTIL, None)))  # type: ignore[arg-type]
    assert ground.get(FILM) == NEW
    ground.keeping.clear_left([])
    assert "made" not in ground.hidden()


def test_it_may_be_written_to(ground: Ground) -> None:
    assert ground.keeping.forbidden() is None
    assert ground.hidden() == []


@pytest.mark.parametrize("name", NAMES)
def test_an_original_is_let_go_of_where_what_took_its_place_is_not_whole(ground: Ground, name: str | None) -> None:
    changed, gone = uuid4(), uuid4()
    for path, asset in ((FILM, changed), ("other/film.avi", gone)):
        ground.put(path, OLD)
        must_be_taken(replaced(ground, path, name, asset))
        assert why(ground.keeping.release(path.encode(), asset)) is Hindrance.SAME
    ground.put(new(name), OTHER)
    ground.gone(f"other/{name or 'film.avi'}")
    assert {why(told) for told in ground.keeping.expire(UNTIL)} == {Hindrance.CHANGED}
    for path, asset in ((FILM, changed), ("other/film.avi", gone)):
        assert ground.keeping.keeps(path.encode(), asset)
        told = ground.keeping.release(path.encode(), asset)
        assert isinstance(told, Expired), told
        assert (told.asset, told.before.size, told.after.size) == (asset, len(OLD), 0)
        assert not ground.keeping.keeps(path.encode(), asset)
        assert why(ground.keeping.release(path.encode(), asset)) is Hindrance.GONE
    assert (ground.get(new(name)), ground.hidden()) == (OTHER, [])


def test_an_original_is_let_go_of_whose_folder_was_renamed(tmp_path: Path) -> None:
    asset, ground = uuid4(), Folder(tmp_path / "films")
    ground.put(FILM, OLD)
    must_be_taken(replaced(ground, FILM, None, asset))
    (ground.folder / "series").rename(ground.folder / "moved")
    assert isinstance(ground.keeping.release(FILM.encode(), asset), Expired)
    assert (ground.get("moved/film.avi"), ground.hidden()) == (NEW, [])
