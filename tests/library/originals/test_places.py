"""Working files lie on the file system of the film, and nobody takes them for films."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from appliance.library.finding import find
from appliance.library.originals.hindrances import Hindrance
from appliance.library.originals.mounts import mounts
from appliance.library.originals.places import Place, place_of, places
from appliance.library.originals.replacing import replace
from appliance.library.workflow import Source
from processors.sandbox import kernel
from tests.library.originals.scene import NEW, OLD, Scene
from tests.library.originals.test_replacing import why

pytestmark = pytest.mark.pure


@contextmanager
def mounted(place: Path, source: Path | None = None, flags: int = 0) -> Iterator[Path]:
    """A file system of its own, or the folder `source` once more."""
    place.mkdir()
    kernel.mount(str(source or "tmpfs"), str(place), None if source else "tmpfs", kernel.MS_BIND if source else flags)
    try:
        if source and flags:
            kernel.mount(None, str(place), None, kernel.MS_BIND | kernel.MS_REMOUNT | flags)
        yield place
    finally:
        kernel.unmount(str(place))


def found(folder: Path, *, follow: bool = False) -> list[str]:
    source = Source(folder=str(folder), extensions=("mkv",), follow_links=follow, other_file_systems=True)
    return sorted(os.path.relpath(entry.path, folder) for entry in find(source))


def test_the_top_of_the_folder_of_the_workflow(folder: Path) -> None:
    scene = Scene(folder, folder / "a/b/c/film.mkv").shoot()
    assert scene.place == Place(str(folder))
    assert place_of(f"{folder}/", str(scene.film)) == Place(str(folder))
    assert places(str(folder)) == []
    scene.replaced()
    assert places(str(folder)) == [Place(str(folder))]


def test_they_are_never_found(folder: Path) -> None:
    """Neither what is kept nor what is being made, nor by a link to it."""
    scene = Scene(folder, folder / "films/film.mkv").shoot().replaced()
    (scene.kept / "film.mkv").touch()
    (folder / "films/link").symlink_to(scene.hidden)
    (folder / "films/deeper").symlink_to(scene.kept)
    assert found(folder) == ["films/deeper", "films/film.mkv", "films/link"]
    assert found(folder, follow=True) == ["films/film.mkv"]


@pytest.mark.root
def test_the_top_of_what_is_mounted_below(folder: Path) -> None:
    """Which may be the same device once more, and have characters in its name that /proc writes otherwise."""
    (folder / "source").mkdir()
    with mounted(folder / "own film\\s") as own, mounted(folder / "bound", folder / "source") as bound:
        scenes = [Scene(top, top / "series/film.mkv").shoot().replaced() for top in (folder, own, bound)]
        assert [place_of(str(folder), str(one.film)) for one in scenes] == [
            Place(str(folder)),
            Place(str(own)),
            Place(str(bound)),
        ]
        assert places(str(folder)) == [Place(str(one)) for one in sorted((folder, own, bound))]
        for one in scenes:
            one.must_be_new()
            one.undo()
            one.must_be_old()
        assert str(own) in {mount.place for mount in mounts()}


@pytest.mark.root
def test_nothing_is_begun_where_nothing_may_be_written(folder: Path) -> None:
    Scene(folder / "source", folder / "source/film.mkv").shoot()
    with mounted(folder / "closed", folder / "source", kernel.MS_RDONLY) as closed:
        assert why(place_of(str(folder), str(closed / "film.mkv"))) is Hindrance.PLACE


def test_what_a_link_leads_to(folder: Path) -> None:
    """Out of the folder, with the working files where it leads to; and to another part of it."""
    library, outside = folder / "library", folder / "outside/all"
    scene = Scene(library, outside / "series/film.mkv").shoot()
    library.mkdir()
    (library / "link").symlink_to(outside)
    (outside / "again").symlink_to("series")
    by_link = library / "link/again/film.mkv"
    assert place_of(str(library), str(library / "link/series/film.mkv")) == Place(str(outside))
    assert place_of(str(library), str(by_link)) == Place(str(outside / "series"))
    assert place_of(str(outside), str(outside / "again/film.mkv")) == Place(str(outside))
    through = Scene(library, by_link)
    with through.making() as scratch:
        assert scratch.place == Place(str(outside / "series"))
    assert scene.film.read_bytes() == OLD


def test_a_film_that_lies_elsewhere_is_refused(folder: Path) -> None:
    one = Scene(folder / "one", folder / "one/film.mkv").shoot()
    other = Scene(folder / "other", folder / "other/film.mkv").shoot()
    with one.making(NEW) as scratch:
        assert why(replace(scratch, other.order())) is Hindrance.PLACE
    other.must_be_old()


def test_what_is_not_there(folder: Path) -> None:
    assert why(place_of(str(folder), str(folder / "missing/film.mkv"))) is Hindrance.FAILED
