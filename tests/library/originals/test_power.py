"""The power is cut at any moment, on XFS and on ext4: what is on the disk then is one whole film, and no more is needed
to bring it to an end.
"""

import os
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from appliance.library.originals.replacing import OTHER_NAME, SAME_NAME
from appliance.library.originals.undoing import STEPS
from tests.faults.volume import Volume
from tests.library.originals.scene import Scene, dying

pytestmark = [pytest.mark.root, pytest.mark.pure]
ROUNDS = 60


@pytest.fixture(params=["xfs", "ext4"])
def disk(request: pytest.FixtureRequest, volume: Callable[[str], Volume]) -> Volume:
    return volume(request.param)


def cut_after(number: int, disk: Volume) -> Callable[[str], None]:
    """For `done`: the power is cut after so many steps, and the process ends with it."""
    steps = iter(range(1, number + 1))

    def done(step: str) -> None:
        if next(steps) == number:
            disk.cut_power()
            os._exit(1)

    return done


def again(disk: Volume) -> None:
    disk.unmount()
    disk.mount()


def shoot(disk: Volume, number: int, name: str | None) -> Scene:
    """A film of before, long on the disk."""
    scene = Scene(disk.place, disk.place / str(number) / "film.avi", name).shoot()
    os.sync()
    return scene


def usual(scene: Scene) -> float:
    """Seconds that it takes here to replace one film and bring it back."""
    begin = time.monotonic()
    scene.replaced().undo()
    return time.monotonic() - begin


def ends(scene: Scene) -> None:
    assert scene.is_whole(), "after the power came back"
    scene.recover()
    scene.must_be_either()


@pytest.mark.parametrize("steps", [SAME_NAME, OTHER_NAME], ids=["same name", "other name"])
def test_after_any_step_of_replacing(disk: Volume, steps: tuple[Callable[..., None], ...]) -> None:
    for number in range(1, len(steps) + 1):
        scene = shoot(disk, number, "film.mkv" if steps is OTHER_NAME else None)
        assert dying(lambda scene=scene, number=number: scene.replace(done=cut_after(number, disk))) == 1
        again(disk)
        ends(scene)
        if steps[number - 1].__name__ == "settle":
            scene.must_be_new()


@pytest.mark.parametrize("name", [None, "film.mkv"], ids=["same name", "other name"])
def test_after_any_step_of_undoing(disk: Volume, name: str | None) -> None:
    for number in range(1, len(STEPS) + 1):
        scene = shoot(disk, number, name).replaced()
        assert dying(lambda scene=scene, number=number: scene.undo(done=cut_after(number, disk))) == 1
        again(disk)
        ends(scene)
        if STEPS[number - 1].__name__ in ("show", "remove", "forget"):
            scene.must_be_old()


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", [None, "film.mkv"], ids=["same name", "other name"])
def test_at_random_moments(disk: Volume, name: str | None) -> None:
    seed = random.randrange(1 << 32)
    chance, seen, most = random.Random(seed), set(), usual(shoot(disk, ROUNDS, name))
    for number in range(ROUNDS):
        scene = shoot(disk, number, name)
        cut = threading.Timer(chance.uniform(0, most), disk.cut_power)
        cut.start()
        with suppress(OSError, AssertionError):
            scene.replace()
            scene.undo()
        cut.join()
        again(disk)
        assert scene.is_whole(), f"round {number} of seed {seed}"
        scene.recover()
        scene.must_be_either()
        seen.add(scene.kept.exists())
    assert seen == {True, False}
