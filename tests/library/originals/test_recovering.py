"""A process dies, or a machine's power, at any moment: one of the two files is whole, and there is one end to it."""

import os
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from appliance.library.originals import places, replacing
from appliance.library.originals.hindrances import Hindrance, NotDone
from appliance.library.originals.recovering import End, Recovered
from appliance.library.originals.replacing import OTHER_NAME, SAME_NAME
from appliance.library.originals.undoing import STEPS
from tests.library.originals.fallback import without_flags
from tests.library.originals.scene import OLD, OTHER, Scene, die_after, die_before, dying

pytestmark = pytest.mark.pure
MOST = 60


def ends(scene: Scene) -> None:
    """Before and after recovering; and that is done once."""
    assert scene.is_whole()
    assert all(isinstance(one, Recovered) for one in scene.recover())
    assert not scene.work.exists()
    assert scene.recover() == []
    scene.must_be_either()


@pytest.mark.parametrize("steps", [SAME_NAME, OTHER_NAME], ids=["same name", "other name"])
def test_a_process_that_dies_after_any_step(folder: Path, steps: tuple[Callable[..., None], ...]) -> None:
    seen = set()
    for number in range(1, len(steps) + 1):
        name = "film.mkv" if steps is OTHER_NAME else None
        scene = Scene(folder, folder / str(number) / "film.avi", name).shoot()
        assert dying(lambda scene=scene, number=number: scene.replace(done=die_after(number))) == 1
        ends(scene)
        seen.add(scene.kept.exists())
    assert seen == {True, False}


@pytest.mark.parametrize("kernel", [lambda: None, without_flags], ids=["exchanging", "linking"])
def test_a_process_that_dies_before_any_change(scene: Scene, kernel: Callable[[], None]) -> None:
    """Within the steps; until it has nothing more to change."""
    for number in range(1, MOST):
        status = dying(lambda number=number: (kernel(), die_before(number), scene.replace()))
        ends(scene)
        if scene.kept.exists():
            scene.undo()
            scene.must_be_old()
        if status == 0:
            break
    assert 8 < number < MOST - 1


def test_who_dies_while_it_is_undone_after_any_step(scene: Scene) -> None:
    ended = []
    for number in range(1, len(STEPS) + 1):
        scene.replaced()
        assert dying(lambda number=number: scene.undo(done=die_after(number))) == 1
        assert scene.is_whole()
        ended += [one.end for one in scene.recover() if isinstance(one, Recovered)]
        scene.must_be_either()
        scene.undo()
        scene.must_be_old()
    assert ended == [End.REPLACED, End.UNDONE, End.UNDONE, End.UNDONE, End.UNDONE]


@pytest.mark.parametrize("kernel", [lambda: None, without_flags], ids=["exchanging", "linking"])
def test_who_dies_while_it_is_undone_before_any_change(scene: Scene, kernel: Callable[[], None]) -> None:
    for number in range(1, MOST):
        scene.replaced()
        status = dying(lambda number=number: (kernel(), die_before(number), scene.undo()))
        ends(scene)
        scene.undo()
        scene.must_be_old()
        if status == 0:
            break
    assert 3 < number < MOST - 1


def test_by_force_nothing_of_others_is_lost_either(film: Scene) -> None:
    for number in range(1, len(STEPS) + 1):
        film.replaced()
        film.film.write_bytes(OTHER)
        assert dying(lambda number=number: film.undo(force=True, done=die_after(number))) == 1
        film.recover()
        if film.kept.exists():
            film.undo(force=True)
        film.must_be_old()
        (aside,) = [path for path in film.film.parent.iterdir() if path != film.film]
        assert aside.read_bytes() == OTHER
        aside.unlink()


@pytest.mark.parametrize("step", [6, 8])
def test_who_dies_while_recovering_is_recovered(scene: Scene, step: int) -> None:
    for number in range(1, MOST):
        assert dying(lambda: scene.replace(done=die_after(step))) == 1
        status = dying(lambda number=number: (die_before(number), scene.recover()))
        ends(scene)
        scene.must_be_new()
        scene.undo()
        if status == 0:
            break
    assert 2 < number < MOST - 1


def test_what_took_the_name_in_the_very_last_moment_gets_it_back(film: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """It came out of the exchange, and before that was seen the process died."""

    def take() -> None:
        film.film.unlink()
        film.film.write_bytes(OTHER)

    monkeypatch.setattr(replacing, "_must_be_still", lambda job: take())
    monkeypatch.setattr(replacing, "_must_be_original", lambda job, spot: os._exit(1))
    assert dying(film.replace) == 1
    assert [one.end for one in film.recover() if isinstance(one, Recovered)] == [End.ROLLED_BACK]
    assert film.film.read_bytes() == OTHER
    assert not film.kept.exists()


def test_what_others_are_at_is_left_to_them(film: Scene) -> None:
    """Another descriptor is as good as another process for that."""
    ended = []
    film.replace(done=lambda step: ended.extend(film.recover()))
    film.must_be_new()
    assert ended == []


def test_a_film_that_was_removed_meanwhile_is_kept(film: Scene) -> None:
    assert dying(lambda: film.replace(done=die_after(6))) == 1
    film.film.unlink()
    assert [one.end for one in film.recover() if isinstance(one, Recovered)] == [End.KEPT]
    film.undo()
    film.must_be_old()


def test_a_folder_that_was_removed_meanwhile_is_no_error(film: Scene) -> None:
    assert dying(lambda: film.replace(done=die_after(4))) == 1
    film.film.unlink()
    film.film.parent.rmdir()
    assert [one.end for one in film.recover() if isinstance(one, Recovered)] == [End.ROLLED_BACK]
    assert not film.kept.exists()


def test_what_somebody_else_has_ended_meanwhile_is_no_error(film: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the list and the lock."""
    film.replaced()
    listed = places.assets

    def assets(folder: int) -> list[UUID]:
        found = listed(folder)
        film.undo()
        return found

    monkeypatch.setattr(places, "assets", assets)
    assert film.recover() == []
    film.must_be_old()


def test_what_is_kept_without_a_record_is_told_and_stays(film: Scene) -> None:
    film.replaced()
    (film.kept / "replaced").unlink()
    (one,) = film.recover()
    assert isinstance(one, NotDone)
    assert (one.why, one.asset) == (Hindrance.DAMAGED, film.asset)
    assert (film.kept / "original").read_bytes() == OLD
