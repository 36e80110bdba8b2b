"""Originals that are kept beyond their time, and those that somebody wants to go or back, as a worker sees to them."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from appliance.config import Config
from appliance.errors import NotFound
from appliance.ledger.database import fetch
from appliance.library import listing, releases, standing, wishes
from appliance.library.catalogue import Catalogue, Library, Row, Scan
from appliance.library.jobs import Jobs
from appliance.library.keeping import Wish
from appliance.library.keepings import Keepings
from appliance.library.numbers import Numbers
from appliance.library.scanning import Scanning
from appliance.library.shelf import Shelf
from appliance.library.upkeep import Upkeep
from appliance.library.workflow import Workflow
from appliance.valkey import quick
from processors.sandbox.layers import Protection
from storage.endpoint import Endpoint
from tests.ledger.book import Book
from tests.library.buckets.grounds import NEW, OLD, OTHER, Buckets, Folder, Ground, found, must_be_taken, under_way
from tests.library.buckets.grounds import workflow as of_source

FILM = "series/film.avi"
DAY = timedelta(days=1)
NONE = Protection(frozenset())


class Desk:
    """A worker's end of one library. No Valkey runs here: it is none of what is done with originals."""

    def __init__(self, book: Book, ground: Ground) -> None:
        self.book, self.ground, self.whole = book, ground, True
        self.catalogue = Catalogue(book.ledger)
        beside, own = Path(), None
        if isinstance(ground, Buckets):
            beside, own = ground.folder, Endpoint(ground.server.url)
            self.source: dict[str, Any] = {"bucket": ground.name, "prefix": "old/", "key_file": "films.key"}
        else:
            assert isinstance(ground, Folder)
            self.source = {"folder": str(ground.folder)}
        keepings = Keepings(beside, beside / "scratch", lambda: own)
        self.shelf = Shelf(
            Path(), book.ledger, Scanning(book.ledger, NONE, keepings), quick("redis://127.0.0.1:1/0"), Config()
        )

    @property
    def workflow(self) -> Workflow:
        return of_source(self.source)

    async def mounted(self, name: str = "Films") -> Library:
        workflow = Workflow(name=name, source=self.workflow.source, target=self.workflow.target)
        library = await self.catalogue.mount(workflow)
        self.shelf.libraries[library.id] = library
        return library

    async def unmounted(self) -> None:
        """Nobody has said for a while that it has a library."""
        self.shelf.libraries.clear()
        await fetch("UPDATE ledger.libraries SET mounted_at = now() - interval '2 minutes'")

    async def replaced(self, kept: timedelta, name: str | None = None, film: str = FILM) -> UUID:
        """A film that was made anew by now, whose original is kept for so long from now on."""
        self.ground.put(film, OLD)
        library, path, there = await self.mounted(), film.encode(), found(self.ground)[film]
        [asset] = await self.catalogue.keep(library, Scan(1, uuid4()), [Row(path, there, None, "worth it", {}, 1.0)])
        claim = await self.book.ledger.claim(asset, 30)
        assert claim
        now = datetime.now(UTC)
        with under_way(self.ground, film, asset) as (opened, scratch):
            taken = must_be_taken(self.ground.keeping.replace(opened, scratch, Wish(now, now + kept, name)))
        job = await Jobs(self.book.ledger).of(claim)
        assert job
        sizes = {"before_bytes": len(OLD), "after_bytes": len(NEW), "cpu_seconds": 1.0}
        facts = {"kept_until": taken.until.isoformat(), "before_sha256": taken.original}
        result = {"outcome": "replaced", "why": None, "reason": "it was h264", **sizes, **facts}
        await Jobs(self.book.ledger).finish(job, result, taken.now)
        return asset

    async def round(self) -> None:
        """Of a worker that begins anew, so that it looks at all."""
        await Upkeep(self.book.ledger, self.shelf, lambda: self.whole).look()

    async def result(self) -> listing.Result:
        [library] = await fetch("SELECT id FROM ledger.libraries WHERE name = 'Films'")
        (one,), _ = await listing.results(library["id"], 10, None)
        return one

    async def behind(self) -> standing.Behind:
        return next(one.behind for one in await standing.standings() if one.name == "Films")

    async def steps(self) -> list[str]:
        rows = await fetch("SELECT facts ->> 'step' AS step FROM ledger.events WHERE type = 'step' ORDER BY seq")
        return [row["step"] for row in rows]


@pytest.fixture
def desk(book: Book, ground: Ground) -> Desk:
    return Desk(book, ground)


@pytest.fixture
def alone(book: Book, tmp_path: Path) -> Desk:
    return Desk(book, Folder(tmp_path / "films"))


LOSSES: dict[str, tuple[Callable[[Ground], None], str]] = {
    "changed": (lambda ground: ground.put(FILM, OTHER), "another one by now"),
    "gone": (lambda ground: ground.gone(FILM), "not there any more"),
}


@pytest.mark.parametrize("loss", LOSSES)
async def test_what_is_kept_beyond_its_time_is_told_and_goes_once_it_is_let_go_of(desk: Desk, loss: str) -> None:
    happens, said = LOSSES[loss]
    asset = await desk.replaced(-DAY)
    happens(desk.ground)
    there = desk.ground.get(FILM)
    await desk.round()
    told, behind = await desk.result(), await desk.behind()
    assert told.undo == "held"
    assert said in (told.kept_problem or "")
    assert (behind.held, behind.held_bytes, behind.saved_bytes) == (1, len(OLD), 0)
    [one] = await releases.releasable("Films")
    assert (one.asset, one.path, one.bytes, one.why) == (asset, FILM, len(OLD), told.kept_problem)
    await releases.release(asset)
    assert (await desk.result()).undo == "releasing"
    await desk.round()
    told, behind = await desk.result(), await desk.behind()
    assert (told.undo, told.kept_problem, told.release_problem) == ("gone", None, None)
    assert (behind.held, behind.saved_bytes, behind.saved_later_bytes) == (0, len(OLD) - len(NEW), 0)
    assert (await desk.steps())[-1] == "released"
    assert (desk.ground.get(FILM), desk.ground.hidden()) == (there, [])
    assert await releases.releasable("Films", [FILM.encode()]) == []
    with pytest.raises(releases.CannotRelease, match="gone by now"):
        await releases.release(asset)


async def test_what_is_whole_is_not_let_go_of_before_its_time(desk: Desk) -> None:
    asset = await desk.replaced(DAY, "film.mkv")
    assert await releases.releasable("Films") == []
    [one] = await releases.releasable("Films", [b"series/film.mkv"])
    assert (one.asset, one.why) == (asset, None)
    assert await releases.release_all([asset]) == 1
    await desk.round()
    left, [problem] = await releases.releasing([asset])
    assert (left, (await desk.result()).undo) == (0, "possible")
    assert "there as it was made" in problem
    assert "original" in desk.ground.hidden()


async def test_what_is_whole_again_goes_in_its_time(alone: Desk) -> None:
    await alone.replaced(-DAY)
    alone.ground.gone(FILM)
    await alone.round()
    assert (await alone.result()).undo == "held"
    alone.ground.put(FILM, NEW)
    await alone.round()
    told = await alone.result()
    assert (told.undo, told.kept_problem, (await alone.steps())[-1]) == ("gone", None, "freed")


async def test_of_two_wishes_the_last_one_counts(alone: Desk) -> None:
    asset = await alone.replaced(-DAY)
    alone.ground.gone(FILM)
    await alone.round()
    await releases.release(asset)
    await wishes.undo(asset)
    await alone.round()
    assert ((await alone.result()).undo, alone.ground.get(FILM), (await alone.behind()).held) == ("done", OLD, 0)
    with pytest.raises(releases.CannotRelease, match="brought back"):
        await releases.release(asset)
    with pytest.raises(NotFound):
        await releases.release(uuid4())
    with pytest.raises(wishes.NoLibrary):
        await releases.releasable("Nobody's")


async def test_nothing_is_let_go_of_while_storage_lacks_drives(book: Book, bucket: Buckets) -> None:
    """What it does not find may be there all the same."""
    desk = Desk(book, bucket)
    asset = await desk.replaced(-DAY)
    bucket.gone(FILM)
    await releases.release(asset)
    desk.whole = False
    await desk.round()
    assert (await desk.result()).undo == "releasing"
    assert "original" in bucket.hidden()
    desk.whole = True
    await desk.round()
    assert (await desk.result()).undo == "gone"


async def test_a_library_that_has_another_name_now_gives_back_what_it_kept(desk: Desk) -> None:
    asset = await desk.replaced(DAY, "film.mkv")
    old, now = desk.shelf.libraries.copy(), datetime.now(UTC)
    await desk.unmounted()
    other = await desk.mounted("Cinema")
    await wishes.undo(asset)
    await fetch("UPDATE ledger.libraries SET mounted_at = $1 WHERE id = ANY ($2)", now, list(old))
    await desk.round()
    assert (await desk.result()).undo == "asked"  # another worker may have it
    await fetch("UPDATE ledger.libraries SET mounted_at = now() - interval '2 minutes' WHERE id = ANY ($1)", list(old))
    await desk.round()
    assert (await desk.result()).undo == "done"
    assert (desk.ground.get(FILM), desk.ground.get("series/film.mkv")) == (OLD, None)
    # And the new one leaves it as it is.
    news, stays = await desk.catalogue.known(other, [(FILM.encode(), found(desk.ground)[FILM])], Numbers())
    assert (news, stays) == ([], {"undone": 1})


async def test_a_library_that_nobody_has_any_more_lets_go(alone: Desk) -> None:
    asset = await alone.replaced(DAY)
    alone.ground.put(FILM, OTHER)
    await alone.unmounted()
    assert len(await releases.releasable("Films", [FILM.encode()])) == 1
    await releases.release(asset)
    await alone.round()
    assert ((await alone.result()).undo, alone.ground.hidden()) == ("gone", [])


async def test_where_its_originals_do_not_lie_nothing_is_said_of_them(alone: Desk) -> None:
    """A worker on another host, which has no such folder: the one that has it may come back."""
    asset = await alone.replaced(DAY)
    await wishes.undo(asset)
    await alone.unmounted()
    folder = Path(alone.source["folder"])
    os.rename(folder, folder.with_name("elsewhere"))
    await alone.round()
    assert (await alone.result()).undo == "asked"
    os.rename(folder.with_name("elsewhere"), folder)
    await alone.round()
    assert ((await alone.result()).undo, alone.ground.get(FILM)) == ("done", OLD)
