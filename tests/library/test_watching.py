"""What changes in the folder of a library is heard of, and looked at once it has settled, whatever its schedule."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from appliance.config import Config
from appliance.ledger.database import fetch
from appliance.library import shelf, watching
from appliance.library.catalogue import Catalogue, Library
from appliance.library.hearing import Hearing
from appliance.library.scanning import Scanning
from appliance.library.shelf import Shelf
from appliance.library.watching import Watch
from appliance.library.workflow import Source, read
from appliance.valkey import quick
from processors.sandbox.probe import probe as probe_layers
from tests.appliance.client import wait_for
from tests.ledger.book import Book
from tests.library.house import House
from tests.processors.clips import FAST, clip
from tests.stack import CHECKOUT


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is waited for longer than it has to be."""
    for name, value in {"LITTLE_SECONDS": 0.3, "TURN_MS": 200, "GROUPED_MS": 200, "STEP_MS": 50}.items():
        monkeypatch.setattr(watching, name, value)
    monkeypatch.setattr(watching, "FOLDERS_SECONDS", 0.1)


@pytest.fixture
def films(tmp_path: Path) -> Path:
    for name in ("films/series", "films/.darkroom/work", "elsewhere"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "films/link").symlink_to("../elsewhere")
    return tmp_path / "films"


@pytest.fixture
def watch(films: Path, soon: None) -> Iterator[Watch]:
    made = Watch(Source(folder=str(films), settled="0s"))
    wait_for(lambda: heard(made) == {str(films)})  # what was not heard of before
    yield made
    made.close()


def heard(watch: Watch) -> set[str]:
    return set(watch.ripe())


def until(watch: Watch, *paths: Path) -> set[str]:
    """All that is heard until these are, and a moment longer."""
    found = set[str]()

    def all_of_them() -> bool:
        found.update(heard(watch))
        return {str(path) for path in paths} <= found

    wait_for(all_of_them, 30)
    time.sleep(0.6)
    return found | heard(watch)


def put(path: Path, data: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_films_that_come_or_change_are_heard_of_and_nothing_else(watch: Watch, films: Path) -> None:
    put(films / ".darkroom/work/made.mkv")
    put(films / "link/film.mkv")
    put(films / "notes.txt")
    put(films / "gone.mkv").unlink()  # before what is waited for, as it is heard of in turn
    (films / "new.part").write_bytes(b"x")
    (films / "new.part").rename(films / "series/new.MKV")
    assert until(watch, films / "series/new.MKV") <= {str(films / "series/new.MKV"), str(films / "gone.mkv")}
    with (films / "series/new.MKV").open("ab") as file:
        file.write(b"more")
    assert until(watch, films / "series/new.MKV") == {str(films / "series/new.MKV")}
    (films / "series/new.MKV").unlink()
    last = put(films / "last.mkv")
    assert until(watch, last) == {str(last)}


def test_new_folders_are_heard_of_with_all_that_comes_into_them(watch: Watch, films: Path) -> None:
    put(films / "a/b/film.mkv")
    until(watch, films)
    wait_for(lambda: watched(films / "a/b"))
    until_heard(watch, films / "a/b/later.mkv")
    (films / "a").rename(films / "series/a")
    wait_for(lambda: watched(films / "series/a/b"))
    until_heard(watch, films / "series/a/b/last.mkv")


def until_heard(watch: Watch, film: Path) -> None:
    """It is written to all the time: while folders are listed anew nobody hears of single files."""

    def once() -> bool:
        put(film)
        time.sleep(0.8)
        return str(film) in heard(watch)

    wait_for(once, 30)


def watched(folder: Path) -> bool:
    """Whether this process has the kernel tell of it."""
    number = f"ino:{folder.stat().st_ino:x} "
    found = ""
    for one in Path("/proc/self/fdinfo").iterdir():
        try:
            found += one.read_text()
        except OSError:  # closed meanwhile
            continue
    return any(line.startswith("inotify ") and number in line for line in found.splitlines())


def test_nothing_is_told_before_it_was_left_alone_for_a_while(films: Path, soon: None) -> None:
    watch = Watch(Source(folder=str(films), settled="2s"))
    try:
        wait_for(lambda: watched(films))
        wait_for(lambda: heard(watch) == {str(films)})
        for _ in range(6):
            put(films / "coming.mkv", os.urandom(100))
            time.sleep(0.5)
            assert heard(watch) == set()
        last = time.monotonic()
        wait_for(lambda: heard(watch) == {str(films / "coming.mkv")})
        assert time.monotonic() - last > 1
    finally:
        watch.close()


def test_a_name_that_is_no_text_ends_nothing(watch: Watch, films: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "AGAIN_SECONDS", 0.1)
    Path(os.fsdecode(os.fsencode(films) + b"/\xff.mkv")).write_bytes(b"x")
    until(watch, films)
    after = put(films / "after.mkv")
    assert str(after) in until(watch, after)


def test_another_folder_in_the_place_of_the_first_is_watched_as_well(
    watch: Watch, films: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "AGAIN_SECONDS", 0.1)  # it may look for it between the two
    films.rename(films.parent / "other")
    (films / "series").mkdir(parents=True)
    wait_for(lambda: watched(films / "series"))
    put(films.parent / "other/film.mkv")
    after = put(films / "series/after.mkv")
    assert until(watch, after) <= {str(films), str(after)}


@pytest.mark.root
def test_a_disk_that_is_mounted_there_later_is_watched(watch: Watch, films: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(films)], check=True)
    try:
        wait_for(lambda: watched(films))
        after = put(films / "after.mkv")
        assert str(after) in until(watch, after)
        watch.close()
        wait_for(lambda: not watched(films))
    finally:
        subprocess.run(["umount", str(films)], check=True)


@pytest.mark.root
def test_folders_that_no_watch_is_left_for_are_said_once(films: Path) -> None:
    """In a user namespace, whose limit is its own."""
    for number in range(20):
        (films / str(number)).mkdir()
    code = f"""
import time
from appliance.library import watching
from appliance.library.workflow import Source, read
watching.AGAIN_SECONDS = 0.1
watch = watching.Watch(Source(folder={str(films)!r}, settled="0s"))
time.sleep(2)
print("heard:", watch.ripe())
"""
    limit = 'echo 10 > /proc/sys/user/max_inotify_watches && exec "$@"'
    words = ["unshare", "--user", "--map-root-user", "sh", "-c", limit, "sh", sys.executable, "-c", code]
    done = subprocess.run(words, cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "heard: []" in done.stdout
    assert (done.stdout + done.stderr).count("fs.inotify.max_user_watches") == 1


class Home:
    """A worker's end of one library. shelf: looks when told to."""

    def __init__(self, book: Book, scanning: Scanning, folder: Path) -> None:
        self.shelf = Shelf(folder, book.ledger, scanning, quick("redis://127.0.0.1:1/0"), Config())

    async def until_looked(self, count: int) -> list[dict[str, Any]]:
        """Rounds until there were so many looks at the library that have ended."""
        limit = time.monotonic() + 60
        while len(done := await self.looks()) < count:
            assert time.monotonic() < limit, f"{len(done)} looks"
            await self.rounds(0.2)
        return done

    async def rounds(self, seconds: float) -> None:
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            await self.shelf.look()
            await asyncio.sleep(0.1)

    async def looks(self) -> list[dict[str, Any]]:
        rows = await fetch(
            "SELECT seen, probed, wanted FROM ledger.library_scans WHERE ended_at IS NOT NULL ORDER BY id"
        )
        return [dict(row) for row in rows]


@pytest.fixture
async def home(book: Book, films: Path, soon: None, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Home]:
    monkeypatch.setattr(shelf, "Hearing", partial(Hearing, pause=0.0))
    put(films.parent / "library/films.json", json.dumps(told_of(films)).encode())
    made = Home(book, Scanning(book.ledger, await probe_layers()), films.parent / "library")
    yield made
    await made.shelf.close()


async def test_a_library_is_looked_through_for_what_is_new_and_not_for_what_is_known(home: Home, films: Path) -> None:
    await home.until_looked(2)  # the first, and once for what was not heard of before
    data = clip("-c:v", "mpeg4", "-b:v", "3M", suffix="matroska")
    put(films / "series/new.mkv", data)
    assert (await home.until_looked(3))[-1] == {"seen": 2, "probed": 1, "wanted": 1}  # the link is the other
    # What takes a file's place by our own doing is known by the time that it is looked at; nothing else is touched.
    new = put(films / ".darkroom/work/made", data[:-1])
    facts = new.stat()
    version = f"{facts.st_ino}-{facts.st_size}-{facts.st_mtime_ns}"
    await fetch("UPDATE ledger.library_files SET version = $1 WHERE path = 'series/new.mkv'", version)
    new.rename(films / "series/new.mkv")
    os.chmod(films / "series/new.mkv", 0o600)
    await home.rounds(2.5)
    assert len(await home.looks()) == 3
    put(films / "series/other.mkv", data)
    assert (await home.until_looked(4))[-1]["wanted"] == 1


async def test_once_a_minute_at_most(book: Book, films: Path, soon: None) -> None:
    library = await Catalogue(book.ledger).mount(read(json.dumps(told_of(films)).encode()))
    listening = Hearing(Catalogue(book.ledger), pause=60.0)
    try:
        listening.of([library])
        assert await heard_by(listening, library, 20)
        put(films / "new.mkv")
        assert not await heard_by(listening, library, 2)
    finally:
        listening.close()


async def heard_by(listening: Hearing, library: Library, seconds: float) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if await listening.news(library):
            return True
        await asyncio.sleep(0.1)
    return False


def told_of(films: Path) -> dict[str, Any]:
    source = {"folder": str(films), "settled": "0s"}
    return {"name": "Films", "source": source, "target": {"codec": "h265", "bit_rates": {"2160": "400k"}}}


@pytest.mark.long
def test_a_new_film_is_replaced_without_being_asked_for_and_that_is_the_end_of_it() -> None:
    house = House()
    try:
        house.put("already.mp4", clip(*FAST))
        house.run(source={"folder": str(house.films), "settled": "1s"})
        house.until_idle()
        house.put("new.mkv", clip("-c:v", "mpeg4", "-b:v", "6M", suffix="matroska"), age=5)
        wait_for(lambda: house.results().get("new.mkv", {}).get("outcome") == "replaced", 150)
        time.sleep(70)
        began = house.standing()["scan"]["began_at"]
        time.sleep(70)
        assert house.standing()["scan"]["began_at"] == began
        assert len(house.results()) == 1
    finally:
        house.close()
