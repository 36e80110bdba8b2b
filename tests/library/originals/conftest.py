"""Folders that others can reach as well, and file systems of the tests' own."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.volume import Volume
from tests.library.originals.scene import Scene

# Without what is done in the background once: the tests would pay for it.
MAKE = {"xfs": ("mkfs.xfs", "-q"), "ext4": ("mkfs.ext4", "-q", "-E", "lazy_itable_init=1,lazy_journal_init=1")}


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/dev/shm") as made:
        Path(made).chmod(0o755)
        yield Path(made)


@pytest.fixture(params=[None, "film.mkv"], ids=["same name", "other name"])
def scene(request: pytest.FixtureRequest, folder: Path) -> Scene:
    return Scene(folder, folder / "films/film.avi", request.param).shoot()


@pytest.fixture
def film(folder: Path) -> Scene:
    return Scene(folder, folder / "films/film.mkv").shoot()


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Callable[[str], Volume]]:
    """One of this kind."""
    made: list[Volume] = []

    def make(kind: str) -> Volume:
        made.append(Volume(tmp_path / "disk.img", tmp_path / "disk", 320, MAKE[kind]))
        return made[-1]

    yield make
    for one in made:
        one.close()
