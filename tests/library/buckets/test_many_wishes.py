"""Originals of many files, wanted back at once: all have their turn, and none waits for those that can't come now."""

import time
from pathlib import Path

import pytest

from appliance.ledger.database import fetch
from appliance.library import wishes
from appliance.library.wanted import PAGE, UNDONE, Wanted
from tests.daemons.process import free_port
from tests.ledger.book import Book
from tests.library.buckets.grounds import NEW, OLD, Buckets, Folder
from tests.library.buckets.test_letting_go import DAY, FILM, Desk
from tests.library.test_many import FILES, RESULTS

MANY = 2 * PAGE + 20


async def replaced(desk: Desk, name: str = "Films") -> int:
    """A library of so many results, none of whose originals is there."""
    library = await desk.mounted(name)
    await fetch(FILES, library.id, MANY)
    await fetch(RESULTS, library.id)
    return library.id


@pytest.fixture
def desk(book: Book, tmp_path: Path) -> Desk:
    return Desk(book, Folder(tmp_path / "films"))


async def test_all_are_asked_for_page_by_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wishes, "PAGE", 50)
    await replaced(desk)
    assert await wishes.undo_below("Films", b"") == MANY
    assert await wishes.undoing("Films") == (MANY, [])


async def test_of_a_folder_or_a_file_only_what_is_there(desk: Desk) -> None:
    await replaced(desk)
    await fetch("UPDATE ledger.library_results SET path = 'series/'::bytea || path WHERE path < '2'")
    [row] = await fetch("SELECT count(*) AS n FROM ledger.library_results WHERE path LIKE 'series/%'")
    assert 0 < row["n"] < MANY
    assert await wishes.undo_below("Films", b"series/") == row["n"]
    assert await wishes.undo_below("Films", b"70.mkv") == 1
    assert await wishes.undo_below("Films", b"70.mk") == 0


async def test_a_film_is_found_by_the_name_that_it_has_now(desk: Desk) -> None:
    await desk.replaced(DAY, "film.mkv")
    assert await wishes.undo_below("Films", b"series/film.mkv") == 1
    assert desk.ground.get("series/film.mkv") == NEW
    await desk.round()
    assert (desk.ground.get(FILM), desk.ground.get("series/film.mkv")) == (OLD, None)


async def test_one_round_goes_through_all_and_says_why_of_each(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    await replaced(desk)
    await wishes.undo_below("Films", b"")
    await desk.round()
    left, problems = await wishes.undoing("Films")
    assert (left, len(problems)) == (0, MANY)
    assert all("not kept" in problem for problem in problems), problems[0]
    monkeypatch.setattr(wishes, "MOST", 100)
    _, problems = await wishes.undoing("Films")
    assert (len(problems), problems[-1]) == (101, f"and {MANY - 100} more")


async def test_many_originals_come_back_in_one_round(desk: Desk) -> None:
    films = [f"series/{number}.avi" for number in range(PAGE + 10)]
    for film in films:
        await desk.replaced(DAY, film=film)
    await wishes.undo_below("Films", b"series")
    began = time.monotonic()
    await desk.round()
    print(f"{len(films) / (time.monotonic() - began):.0f} originals a second")
    assert await wishes.undoing("Films") == (0, [])
    assert {desk.ground.get(film) for film in films} == {OLD}


async def test_a_bucket_that_gives_no_answer_keeps_no_other_waiting(book: Book, bucket: Buckets) -> None:
    desk = Desk(book, bucket)
    source = desk.source
    desk.source = source | {"endpoint": f"http://127.0.0.1:{free_port()}"}
    await replaced(desk, "Away")
    await wishes.undo_below("Away", b"")
    desk.source = source
    await wishes.undo(await desk.replaced(DAY))
    began = time.monotonic()
    await desk.round()
    assert bucket.get(FILM) == OLD
    assert await wishes.undoing("Away") == (MANY, [])
    print(f"a round took {time.monotonic() - began:.1f} s")


async def test_what_can_not_be_done_now_comes_again_after_all_the_others(desk: Desk) -> None:
    library = await replaced(desk)
    await wishes.undo_below("Films", b"")
    wanted, seen = Wanted(UNDONE), []
    async for one in wanted.of(library):
        seen.append(one)
        if len(seen) == PAGE + 5:  # somebody has to stop here
            break
    seen += [one async for one in wanted.of(library)]
    assert (len(seen), len(set(seen))) == (MANY, MANY)
    assert [one async for one in wanted.of(library)] == seen
    assert await wanted.first(library) == seen[:PAGE]
