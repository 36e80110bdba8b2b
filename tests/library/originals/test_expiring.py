"""Originals are removed when their time has passed, and only where what took their place is whole."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from appliance.library.originals import places
from appliance.library.originals.expiring import Expired, expire, release
from appliance.library.originals.hindrances import Hindrance
from appliance.library.originals.locks import locked
from appliance.library.originals.recovering import End, Recovered
from tests.library.originals.scene import NEW, OLD, OTHER, UNTIL, Scene, die_before, dying
from tests.library.originals.test_replacing import why

pytestmark = pytest.mark.pure


def test_not_before_its_time(scene: Scene) -> None:
    scene.replaced()
    assert list(expire(scene.place, UNTIL - timedelta(microseconds=1))) == []
    scene.must_be_new()


def test_what_is_saved_is_told_in_both_ways(scene: Scene) -> None:
    scene.replaced()
    allocated = (scene.kept / "original").stat().st_blocks * 512, scene.new.stat().st_blocks * 512
    (one,) = expire(scene.place, UNTIL)
    assert isinstance(one, Expired)
    assert (one.asset, one.path) == (scene.asset, "films/film.avi")
    assert (one.before.size, one.after.size) == (len(OLD), len(NEW))
    assert (one.before.allocated, one.after.allocated) == allocated
    assert not scene.kept.exists()
    assert scene.new.read_bytes() == NEW
    assert list(expire(scene.place, UNTIL)) == []


def one_bit(scene: Scene) -> None:
    """Without another time or size."""
    data = bytearray(NEW)
    data[7] ^= 1
    scene.new.write_bytes(data)


LOSSES: dict[str, Callable[[Scene], object]] = {
    "removed": lambda scene: scene.new.unlink(),
    "changed": lambda scene: scene.new.write_bytes(OTHER),
    "one bit": one_bit,
    "the folder": lambda scene: scene.film.parent.rename(scene.folder / "moved"),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_the_last_whole_one_stays(scene: Scene, loss: Callable[[Scene], object]) -> None:
    scene.replaced()
    place = scene.place
    loss(scene)
    (one,) = expire(place, UNTIL)
    assert why(one) is Hindrance.CHANGED
    assert one.asset == scene.asset
    assert (scene.kept / "original").read_bytes() == OLD


def test_one_that_stays_does_not_hold_up_the_others(film: Scene) -> None:
    film.replaced().film.unlink()
    others = [Scene(film.folder, film.folder / f"films/{name}.mkv").shoot().replaced() for name in "abc"]
    told = list(expire(film.place, UNTIL))
    assert sorted(one.path for one in told if isinstance(one, Expired)) == [f"films/{name}.mkv" for name in "abc"]
    assert len(told) == 1 + len(others)


def test_who_dies_in_the_middle_is_recovered(scene: Scene) -> None:
    """Between the original and its record."""
    scene.replaced()

    def die_early() -> None:
        die_before(3)
        list(expire(scene.place, UNTIL))

    assert dying(die_early) == 1
    assert not (scene.kept / "original").exists()
    assert [one.end for one in scene.recover() if isinstance(one, Recovered)] == [End.FORGOTTEN]
    assert scene.recover() == []
    assert scene.new.read_bytes() == NEW


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_what_lost_its_new_file_is_let_go_of_once_somebody_says_so(
    scene: Scene, loss: Callable[[Scene], object]
) -> None:
    scene.replaced()
    place = scene.place
    loss(scene)
    before = {path: path.read_bytes() for path in scene.folder.rglob("*.*") if path.is_file()}
    gone = release(place, scene.asset)
    assert isinstance(gone, Expired), gone
    assert (gone.asset, gone.before.size, gone.after.size) == (scene.asset, len(OLD), 0)
    assert not scene.kept.exists()
    assert {path: path.read_bytes() for path in scene.folder.rglob("*.*") if path.is_file()} == before
    assert why(release(place, scene.asset)) is Hindrance.GONE


def test_what_can_still_go_by_itself_is_not_let_go_of(scene: Scene) -> None:
    assert why(release(scene.place, scene.asset)) is Hindrance.GONE
    scene.replaced()
    assert why(release(scene.place, scene.asset)) is Hindrance.SAME
    scene.must_be_new()


def test_nothing_is_let_go_of_that_somebody_is_at_or_that_is_not_known(film: Scene) -> None:
    film.replaced().film.write_bytes(OTHER)
    (film.kept / "replaced").rename(film.kept / "undoing")
    assert why(release(film.place, film.asset)) is Hindrance.BUSY
    (film.kept / "undoing").write_bytes(b"{}")
    assert why(release(film.place, film.asset)) is Hindrance.DAMAGED
    with places.hidden(film.place, places.KEPT) as kept, locked(kept, film.asset):
        assert why(release(film.place, film.asset)) is Hindrance.BUSY
    assert (film.kept / "original").read_bytes() == OLD
