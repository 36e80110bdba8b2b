"""Over sixty files of a library go through, its worker killed all the while: each ends as it should, none is harmed."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.appliance.client import wait_for
from tests.faults.behind import behind
from tests.faults.volume import Volume
from tests.library import sixty
from tests.library.house import WORKER, House, kept, sha256
from tests.library.independent import content, lost

pytestmark = [pytest.mark.long, pytest.mark.timeout(2400)]

TARGET = {"codec": "av1", "bit_rates": {"2160": "400k"}}
# Not for ever: what a worker dies of again and again is given up at last, which is another test.
KILLS, KILLS_OF_A_LOOK = 12, 2
DISK_MEGABYTES = 400
ON_DISK = ("h264.mp4", "h264-ts.ts", "series/h264.mkv", "mpeg4.avi", "turned.mp4", "rich.mkv", "vp9.webm", "mpeg2.mpg")


class Facts(NamedTuple):
    """Of a file, as whoever owns it would miss them."""

    sha256: str
    mtime_ns: int
    mode: int


def facts(path: Path) -> Facts:
    now = path.stat()
    return Facts(sha256(path), now.st_mtime_ns, now.st_mode)


def files(house: House) -> dict[str, Path]:
    """By their paths below the folder; what is written to all the time, or not to be read, is left out."""
    found = (path for path in house.films.rglob("*") if path.is_file() and not path.is_symlink())
    named = {str(path.relative_to(house.films)): path for path in found if ".darkroom" not in path.parts}
    return {name: path for name, path in named.items() if name != "coming.mkv"}


class Through(NamedTuple):
    """All files once they are through. standing: as the API told it; kills: how many the worker had to bear."""

    house: House
    originals: Path
    before: dict[str, Facts]
    standing: dict[str, Any]
    results: dict[str, dict[str, Any]]
    kills: int


@pytest.fixture(scope="module")
def through(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Through]:
    seed = request.config.getoption("--faults-seed")
    chance = random.Random(seed if seed is not None else (seed := random.SystemRandom().randrange(10**6)))
    print(f"--faults-seed {seed}")
    house, originals = House(), tmp_path_factory.mktemp("originals")
    try:
        put(house, originals)
        before = {name: facts(path) for name, path in files(house).items()}
        with closing(sixty.Growing(house.films / "coming.mkv")):
            house.run(target=TARGET, source={"folder": str(house.films), "settled": "1m"})
            kills = kill_all_the_while(house, chance)
            standing = house.until_idle(1500)
        yield Through(house, originals, before, standing, by_name(house), kills)
    finally:
        house.close()


def put(house: House, originals: Path) -> None:
    for name, data in sixty.made().items():
        house.put(name, data).chmod(mode_of(name))
        (originals / name).parent.mkdir(parents=True, exist_ok=True)
        (originals / name).write_bytes(data)
    sixty.odd(house.films, lambda path: aged(house, path))


def mode_of(name: str) -> int:
    """Not the same for all, so that it is seen to be kept."""
    return 0o640 if len(name) % 2 else 0o664


def aged(house: House, path: Path) -> None:
    house.own(path)
    os.utime(path, (time.time() - 3600, time.time() - 3600))


def kill_all_the_while(house: House, chance: random.Random) -> int:
    """First while it looks the folder through, then every few seconds of the work, until all is done or it has borne
    enough; how often.
    """
    for number in range(KILLS):
        if number == KILLS_OF_A_LOOK:
            wait_for(lambda: (house.standing()["scan"] or {}).get("ended_at"), 300)
        until = time.monotonic() + chance.uniform(4, 12)
        while time.monotonic() < until:
            if house.idle():
                return number
            time.sleep(0.2)
        pid = house.stack.recorded()[WORKER]["pid"]
        house.kill()
        wait_for(lambda pid=pid: house.stack.recorded()[WORKER]["pid"] not in (None, pid), 60)
    return KILLS


def by_name(house: House) -> dict[str, dict[str, Any]]:
    """What came of files, by the paths they had before; names that are no text as the API shows them."""
    rows = behind(house.stack).sql("SELECT path, outcome, why, reason FROM ledger.library_results ORDER BY at")
    return {os.fsdecode(row["path"]): dict(row) for row in rows}


def test_each_file_ends_as_it_should(through: Through) -> None:
    rows = behind(through.house.stack).sql("SELECT path, why FROM ledger.library_files WHERE why IS NOT NULL")
    ended = {os.fsdecode(row["path"]): f"left {row['why']}" for row in rows}
    for name, one in through.results.items():
        ended[name] = "replaced" if one["outcome"] == "replaced" else f"kept {one['why']}"
    opened = {name: ends for name, ends in sixty.ENDS.items() if ends.split()[0] in ("replaced", "kept", "left")}
    differ = {name: (ended.get(name), ends) for name, ends in opened.items() if ended.get(name) != ends}
    assert not differ, differ
    assert through.standing["ahead"]["failed"] == 0


def test_what_was_not_opened_is_counted_by_its_reason(through: Through) -> None:
    passed = Counter(ends.removeprefix("passed ") for ends in sixty.ENDS.values() if ends.startswith("passed"))
    scan = look_again(through.house)
    assert {why: scan["skips"].get(why, 0) for why in passed} == passed
    assert scan["unreadable"] == 1


def test_it_was_killed_and_nothing_is_left_of_that(through: Through) -> None:
    assert through.kills > KILLS_OF_A_LOOK
    work = through.house.films / ".darkroom/work"
    assert [path for path in work.rglob("*") if path.is_file() and path.name != "lock"] == []


def test_nothing_that_was_replaced_is_harmed(through: Through) -> None:
    there = {os.path.splitext(name)[0]: path for name, path in files(through.house).items()}
    there |= files(through.house)
    harmed = {}
    for name in (name for name, one in through.results.items() if one["outcome"] == "replaced"):
        original = through.originals / name
        path = there.get(name) or there[os.path.splitext(name)[0]]
        assert path.stat().st_size < original.stat().st_size
        assert (path.stat().st_mtime_ns, path.stat().st_mode) == through.before[name][1:]
        if found := lost(content(original, strict=False), content(path, strict=True)):
            harmed[name] = found
    assert not harmed


def test_what_was_not_replaced_has_not_been_touched(through: Through) -> None:
    replaced = {name for name, one in through.results.items() if one["outcome"] == "replaced"}
    there = files(through.house)
    untouched = {name: one for name, one in through.before.items() if name not in replaced}
    assert {name: facts(there[name]) for name in untouched} == untouched
    assert os.readlink(through.house.films / "link.mkv") == "h264.mp4"


def test_a_second_run_does_nothing(through: Through) -> None:
    house = through.house
    before = {name: marks(path) for name, path in files(house).items()}
    scan = look_again(house)
    # Whether a file can be read by now is seen by trying to open it, each time.
    assert (scan["probed"], scan["wanted"]) == (scan["unreadable"], 0)
    assert {name: marks(path) for name, path in files(house).items()} == before


def marks(path: Path) -> tuple[int, int, int]:
    """What whoever writes to a file, or about it, can't leave as it was."""
    now = path.stat()
    return now.st_ino, now.st_ctime_ns, now.st_size


def look_again(house: House) -> dict[str, Any]:
    seen = house.standing()["scan"]["began_at"]
    assert house.post(f"/library/{house.standing()['id']}/scan").status_code == 200
    wait_for(lambda: house.standing()["scan"]["began_at"] > seen and house.idle(), 60)
    scan: dict[str, Any] = house.standing()["scan"]
    return scan


def test_all_originals_come_back(through: Through) -> None:
    done = through.house.stack.verb("library", "undo", "Films", "--all")
    assert done.returncode == 0, done.stderr
    assert {name: facts(path) for name, path in files(through.house).items()} == through.before
    assert kept(through.house.films) == []


@pytest.fixture
def disk() -> Iterator[tuple[House, Volume]]:
    """A library on a file system of its own."""
    house = House()
    volume = Volume(house.stack.folder / "disk.img", house.films, DISK_MEGABYTES)
    try:
        house.own(house.films)
        yield house, volume
    finally:
        house.stack.down()
        volume.close()
        house.close()


def waits_for_room(house: House) -> bool:
    """As people are told, by who sees it first: a look at what is free, or the first file that can't be made."""
    waits = house.standing()["waits"] or ""
    return "are free in" in waits or "the disk is full" in waits


@pytest.mark.root
def test_a_disk_that_becomes_full_is_waited_for(disk: tuple[House, Volume]) -> None:
    house, volume = disk
    for name in ON_DISK:
        house.put(name, sixty.made_one(name))
    before = {name: facts(path) for name, path in files(house).items()}
    house.run(target=TARGET)
    wait_for(lambda: house.standing()["behind"]["replaced"] >= 1, 120)
    volume.fill()
    wait_for(lambda: waits_for_room(house), 120)
    done = house.standing()["behind"]["replaced"]
    assert done < len(ON_DISK)
    assert house.standing()["ahead"]["failed"] == 0
    originals = {one for name, one in before.items() if name not in by_name(house)}
    there = files(house)
    there.pop("filler")
    assert originals <= {facts(path) for path in there.values()}
    volume.free()
    standing = house.until_idle(300)
    assert (standing["behind"]["replaced"], standing["ahead"]["failed"]) == (len(ON_DISK), 0)
    undone = house.stack.verb("library", "undo", "Films", "--all")
    assert undone.returncode == 0, undone.stderr
    assert {name: facts(path) for name, path in files(house).items()} == before
    assert kept(house.films) == []
