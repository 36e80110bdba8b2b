"""Looking a library through, on real clips and a real ledger: what is found is remembered, and queued once."""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.ledger.database import fetch, fetch_one
from appliance.library.catalogue import Catalogue, Library
from appliance.library.numbers import Numbers
from appliance.library.scanning import Counts, Scanning
from appliance.library.workflow import Workflow, read
from processors.sandbox.probe import probe as probe_layers
from tests.ledger.book import Book
from tests.library.films import OLD, made

WANTED = ["series/h264.mp4", "old.MPG"]
_ENDED = "UPDATE ledger.library_scans SET ended_at = now() - make_interval(days => $2) WHERE id = $1"


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("scanned") / "films")


@pytest.fixture
def films(clips: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy that a test may change."""
    return shutil.copytree(clips, tmp_path / "films")


def workflow(films: Path, **different: Any) -> Workflow:
    target = {"codec": "h265", "bit_rates": {"2160": "400k"}}
    return read(json.dumps({"name": "Films", "source": {"folder": str(films)}, "target": target} | different).encode())


def one(films: Path, **different: Any) -> Workflow:
    """Of one file that is worth it: each that is opened costs half a second of CPU."""
    return workflow(films, **({"source": {"folder": str(films), "extensions": ["mpg"]}} | different))


class House:
    """A worker's end of the ledger."""

    def __init__(self, book: Book, scanning: Scanning) -> None:
        self.catalogue, self.scanning = Catalogue(book.ledger), scanning

    async def scan(self, workflow: Workflow) -> Counts:
        library = await self.asked(workflow)
        assert await self.catalogue.due(library, 0)
        counts = await self.scanning.scan(library)
        assert counts is not None
        return counts

    async def asked(self, workflow: Workflow) -> Library:
        library = await self.catalogue.mount(workflow)
        await fetch("UPDATE ledger.libraries SET scan_asked_at = now() WHERE id = $1", library.id)
        return library


@pytest.fixture
async def house(book: Book) -> House:
    return House(book, Scanning(book.ledger, await probe_layers()))


async def queued() -> list[str]:
    rows = await fetch(
        "SELECT f.path FROM ledger.open_backfill(100) o JOIN ledger.library_files f ON f.asset = o.id "
        "ORDER BY o.worth DESC"
    )
    return [row["path"].decode() for row in rows]


async def test_what_is_found_is_queued_by_its_worth_and_told(house: House, films: Path) -> None:
    counts = await house.scan(workflow(films))
    assert (counts.wanted, counts.skips["codec"], counts.skips["refused"]) == (2, 2, 2)
    worths = await fetch("SELECT worth FROM ledger.open_backfill(100)")
    assert sorted(await queued()) == sorted(WANTED)
    assert [row["worth"] for row in worths] == sorted((row["worth"] for row in worths), reverse=True)
    events = await fetch(
        "SELECT e.type, e.state::text, e.facts FROM ledger.events e JOIN ledger.streams s ON s.id = e.stream "
        "WHERE s.root = 'system' AND s.owner = 'library'"
    )
    assert [(event["type"], event["state"]) for event in events] == [("state", "uploaded")] * 2
    kept = await fetch_one("SELECT facts, why FROM ledger.library_files WHERE path = $1", b"series/h264.mp4")
    assert kept
    assert kept["why"] is None
    assert json.loads(kept["facts"])["codec"] == "h264"


async def test_the_next_look_opens_only_what_is_new_or_changed(house: House, films: Path) -> None:
    first = await house.scan(workflow(films))
    again = await house.scan(workflow(films))
    assert first.probed > 3
    assert (again.probed, again.wanted, again.seen) == (0, 0, first.seen)
    assert again.skips == first.skips
    shutil.copy(films / "old.MPG", films / "new.mpg")
    os.utime(films / "made.mkv", (OLD - 5, OLD - 5))
    os.utime(films / "new.mpg", (OLD, OLD))
    third = await house.scan(workflow(films))
    assert (third.probed, third.wanted) == (2, 1)
    assert sorted(await queued()) == sorted([*WANTED, "new.mpg"])


async def test_other_rules_decide_anew_and_queue_nothing_twice(house: House, films: Path) -> None:
    first = await house.scan(one(films))
    again = await house.scan(one(films, rules={"least_saving": 12}))
    assert (again.probed, again.wanted) == (first.probed, 0)
    assert len(await queued()) == 1


async def test_what_waits_is_decided_by_other_rules_once(house: House, films: Path) -> None:
    await house.scan(one(films))
    worth = "SELECT worth FROM ledger.assets WHERE state = 'uploaded'"
    [before] = await fetch(worth)
    other = one(films, target={"codec": "h265", "bit_rates": {"2160": "300k"}})
    assert (await house.scan(other)).probed == 1
    assert (await house.scan(other)).probed == 0
    [after] = await fetch(worth)
    assert after["worth"] > before["worth"]
    [kept] = await fetch("SELECT rules, facts::text FROM ledger.library_files WHERE asset IS NOT NULL")
    assert kept["rules"] == other.hash()


async def test_what_waits_and_would_stay_by_other_rules_keeps_its_turn(house: House, films: Path) -> None:
    await house.scan(one(films))
    [before] = await fetch("SELECT why, reason, facts::text FROM ledger.library_files WHERE asset IS NOT NULL")
    other = one(films, rules={"least_lines": 5000})
    assert [(await house.scan(other)).probed for _ in range(2)] == [1, 0]
    assert await queued() == ["old.MPG"]
    assert [before] == await fetch("SELECT why, reason, facts::text FROM ledger.library_files WHERE asset IS NOT NULL")


async def test_what_changes_while_it_waits_is_opened_once_and_waits_as_it_is_now(house: House, films: Path) -> None:
    await house.scan(one(films))
    with (films / "old.MPG").open("ab") as file:
        file.write(bytes(1000))
    os.utime(films / "old.MPG", (OLD - 5, OLD - 5))
    assert [(await house.scan(one(films))).probed for _ in range(2)] == [1, 0]
    facts = os.stat(films / "old.MPG")
    [kept] = await fetch("SELECT size, version FROM ledger.library_files WHERE asset IS NOT NULL")
    assert tuple(kept) == (facts.st_size, f"{facts.st_ino}-{facts.st_size}-{facts.st_mtime_ns}")
    assert await queued() == ["old.MPG"]


async def test_a_look_at_what_is_as_it_was_writes_nothing(house: House, films: Path) -> None:
    await house.scan(workflow(films))
    written = "SELECT path, xmin::text, ctid::text FROM ledger.library_files ORDER BY path"
    before = await fetch(written)
    await house.scan(workflow(films))
    assert len(before) > 3
    assert await fetch(written) == before


async def test_what_was_said_of_a_file_during_a_look_is_not_forgotten_by_it(house: House, films: Path) -> None:
    await house.scan(one(films))
    await fetch("UPDATE ledger.assets SET state = 'error' WHERE state = 'uploaded'")
    library = await house.asked(one(films))
    assert await house.catalogue.due(library, 0)
    scan = await house.catalogue.begin(library, 60)
    assert scan is not None
    await fetch("UPDATE ledger.library_files SET seen_in = $1", scan.id)  # as the end of the work on it does
    assert await house.catalogue.forget(library, scan, Numbers()) == 0
    await fetch("UPDATE ledger.library_files SET seen_in = $1", scan.id - 1)
    assert await house.catalogue.forget(library, scan, Numbers()) == 1


async def test_what_has_gone_is_forgotten_but_not_what_waits(house: House, films: Path) -> None:
    await house.scan(workflow(films))
    (films / "made.mkv").unlink()
    (films / "old.MPG").unlink()
    await house.scan(workflow(films))
    left = {row["path"] for row in await fetch("SELECT path FROM ledger.library_files")}
    assert b"made.mkv" not in left
    assert b"old.MPG" in left


async def test_one_look_at_a_time_and_another_goes_on_with_it(house: House, films: Path) -> None:
    library = await house.asked(workflow(films))
    assert await house.catalogue.due(library, 0)
    assert not await house.catalogue.due(await house.asked(workflow(films)), 0)
    held = await house.catalogue.begin(library, 60)
    assert held is not None
    assert await house.scanning.scan(library) is None
    await fetch("UPDATE ledger.library_scans SET lease_until = now()")
    counts = await house.scanning.scan(library)
    assert counts is not None
    assert counts.wanted == 2
    assert not await house.catalogue.note(held, 60, counts.told())


async def test_nothing_is_due_while_files_wait_nor_before_its_time(house: House, films: Path) -> None:
    await house.scan(one(films))
    library = await house.catalogue.mount(one(films))
    assert not await house.catalogue.due(library, 0)
    await fetch("UPDATE ledger.assets SET state = 'error' WHERE state = 'uploaded'")
    assert not await house.catalogue.due(library, 3600)
    await fetch("UPDATE ledger.libraries SET paused = true")
    assert not await house.catalogue.due(library, 0)
    await fetch("UPDATE ledger.libraries SET paused = false")
    assert await house.catalogue.due(library, 0)


async def test_a_folder_that_is_away_is_told_and_nothing_is_forgotten(house: House, films: Path) -> None:
    await house.scan(one(films))
    before = await fetch_one("SELECT count(*) AS n FROM ledger.library_files")
    os.rename(films, films.with_name("elsewhere"))
    await house.scan(one(films))
    last = await fetch_one("SELECT problem FROM ledger.library_scans ORDER BY id DESC LIMIT 1")
    assert last
    assert "No such file" in last["problem"]
    assert await fetch_one("SELECT count(*) AS n FROM ledger.library_files") == before


async def test_looks_of_more_than_a_month_ago_are_forgotten_by_the_next(house: House, films: Path) -> None:
    ended = []
    for _ in range(3):
        await house.scan(one(films))
        last = await fetch_one("SELECT max(id) AS id FROM ledger.library_scans")
        assert last
        ended.append(last["id"])
    for days, scan in zip((31, 29), ended[:2], strict=True):
        await fetch(_ENDED, scan, days)
    await house.scan(one(films))
    kept = await fetch("SELECT id FROM ledger.library_scans WHERE id = ANY ($1) ORDER BY id", ended)
    assert [row["id"] for row in kept] == ended[1:]


async def test_a_paused_library_gives_no_work(house: House, films: Path) -> None:
    await house.scan(one(films))
    await fetch("UPDATE ledger.libraries SET paused = true")
    assert await queued() == []


async def test_an_empty_folder_may_be_a_disk_that_is_not_mounted(house: House, films: Path) -> None:
    await house.scan(one(films))
    before = await fetch_one("SELECT count(*) AS n FROM ledger.library_files")
    os.rename(films, films.with_name("elsewhere"))
    os.mkdir(films)
    assert (await house.scan(one(films))).seen == 0
    assert await fetch_one("SELECT count(*) AS n FROM ledger.library_files") == before


async def test_what_somebody_has_brought_back_stays_so_by_any_rules(house: House, films: Path) -> None:
    only = {"source": {"folder": str(films), "extensions": ["mpg"]}}
    await house.scan(workflow(films, **only))
    await fetch("UPDATE ledger.assets SET state = 'error' WHERE state = 'uploaded'")
    await fetch("UPDATE ledger.library_files SET why = 'undone'")
    again = await house.scan(workflow(films, **only, rules={"least_saving": 12}))
    assert (again.probed, again.wanted, again.skips["undone"]) == (0, 0, 1)


async def test_each_library_has_its_share_of_the_queue(house: House, films: Path) -> None:
    await house.scan(one(films))
    other = workflow(films, name="Others", source={"folder": str(films), "extensions": ["mp4"]})
    await house.scan(other)
    rows = await fetch("SELECT f.library FROM ledger.open_backfill(2) o JOIN ledger.library_files f ON f.asset = o.id")
    assert len({row["library"] for row in rows}) == 2


async def test_a_look_that_is_asked_for_during_another_comes_after_it(house: House, films: Path) -> None:
    library = await house.asked(one(films))
    assert await house.catalogue.due(library, 0)
    await house.asked(one(films))
    assert not await house.catalogue.due(library, 0)
    assert await house.scanning.scan(library)
    assert await house.catalogue.due(library, 3600)


async def test_what_would_take_too_long_waits_for_more_time_and_not_in_the_queue(book: Book, films: Path) -> None:
    within = 0.5
    house = House(book, Scanning(book.ledger, await probe_layers(), within=lambda: within))
    first, again = await house.scan(one(films)), await house.scan(one(films))
    assert (first.probed, first.wanted, first.skips["too_long"]) == (1, 0, 1)
    assert (again.probed, again.skips["too_long"]) == (0, 1)
    within = 3600
    third = await house.scan(one(films))
    assert (third.probed, third.wanted, third.skips["too_long"]) == (1, 1, 0)
    assert await queued() == ["old.MPG"]
