"""Drafts that are to be made in full, in the ledger; and who gets links to what of a profile."""

import asyncio
from uuid import UUID

import pytest

from appliance.accounts import owners
from appliance.files.versions import Linker
from appliance.ledger.database import fetch
from appliance.ledger.service import Failure
from appliance.profiles import media
from appliance.profiles.media import GONE, Failed, For, Ready, Waiting
from storage.links import Links
from tests.ledger.book import VERSION, Book
from tests.ledger.test_profile_uploads import ANNA, Desk

VIDEO = {"kind": "video", "seconds": 3.0}
SMALL = {**VERSION, "sha256": "11" * 32}


@pytest.fixture
async def desk(book: Book) -> Desk:
    await owners.USERS.create("wallet", ANNA)
    return Desk(book)


@pytest.fixture
def linker() -> Linker:
    return Linker(Links("reader", "a secret", 3600), "http://here", lambda: None)


async def develop(desk: Desk, *assets: UUID) -> list[UUID]:
    return await media.develop(desk.book.ledger, assets)


async def test_a_draft_is_made_in_full_once(desk: Desk) -> None:
    video, image = await desk.done("video"), await desk.done("image")
    assert await media.readiness([video, image]) == Waiting(), "a draft is not what everybody sees"
    sent = await asyncio.gather(*(develop(desk, image, video) for _ in range(8)))
    assert sorted(sent, key=len)[-1] == [video]
    assert sum(map(len, sent)) == 1
    assert await media.readiness([video, image]) == Waiting()
    row = await desk.book.row(video)
    assert (row["state"], row["recipe"], row["tries"]) == ("uploaded", "file", 3)
    assert len(await fetch("SELECT FROM ledger.versions WHERE asset = $1", video)) == 1, "what there was can be seen"
    await desk.made(video, **VIDEO)
    assert await develop(desk, video) == []
    assert await media.readiness([video, image]) == Ready()
    told = await fetch(
        "SELECT type, state::text, facts -> 'draft' AS draft FROM ledger.events WHERE asset = $1 ORDER BY seq", video
    )
    assert [row["state"] for row in told] == [
        "init",
        "uploaded",
        "processing",
        "done",
        "uploaded",
        "processing",
        "done",
    ]
    assert [row["draft"] for row in told if row["state"] == "done"] == ["true", None]


async def test_what_is_not_done_is_left_alone(desk: Desk) -> None:
    video = await desk.open("video")
    assert await develop(desk, video) == []
    await desk.come(video)
    assert await develop(desk, video) == []
    claim = await desk.book.ledger.claim(video, 30)
    assert claim
    assert await develop(desk, video) == []
    assert await desk.book.ledger.fail(claim, Failure("unreadable", "This file can't be read."))
    assert await develop(desk, video) == []
    assert await media.readiness([video]) == Failed("This file can't be read.")
    assert await desk.book.ledger.retry([video]) == [video]
    await desk.made(video, **VIDEO)
    assert (await desk.book.row(video))["recipe"] == "draft", "what is tried again is what it was"
    assert await develop(desk, video) == [video]


async def test_one_that_is_deleted_meanwhile_stays_so(desk: Desk) -> None:
    for _ in range(6):
        video = await desk.done("video")
        await asyncio.gather(develop(desk, video), desk.uploads.drop(ANNA, video))
        assert await desk.book.state(video) == "deleting"
        assert await develop(desk, video) == []
        assert await media.readiness([video]) == Failed(GONE)
    wrong = await fetch("SELECT * FROM ledger.miscounted(5)")
    assert wrong == []


async def test_a_worker_that_lost_its_lease_does_not_bring_the_draft_back(desk: Desk) -> None:
    """Nor does one that is late with the draft end the work on the whole."""
    video = await desk.open("video")
    await desk.come(video)
    late = await desk.book.ledger.claim(video, 0)
    assert late
    await desk.made(video, **VIDEO)
    await develop(desk, video)
    assert not await desk.book.ledger.finish(late, "cd" * 32, VIDEO, [SMALL], "recipe")
    assert (await desk.book.row(video))["state"] == "uploaded"


async def test_who_sees_what(desk: Desk, linker: Linker) -> None:
    image, video = await desk.done("image"), await desk.done("video")
    await fetch("UPDATE ledger.assets SET filename = 'Anna of Minsk.jpg' WHERE id = $1", image)
    theirs = {"image": image, "video": video}
    own = await media.shown(theirs, For.OWNER, linker)
    assert own["image"]["state"] == "done"
    assert own["image"]["path"].endswith(str(image))
    assert own["image"]["preview"].keys() == {"thumb", "original"}
    for whom in (For.MODERATOR, For.PUBLIC):
        seen = await media.shown(theirs, whom, linker)
        assert [list(versions) for versions in seen.values()] == [["thumb"], ["thumb"]]
        assert "Minsk" not in str(seen)
        assert "/originals/" not in str(seen)
        assert "image.thumb.jpg" in seen["image"]["thumb"]
    await desk.uploads.drop(ANNA, video)
    assert list(await media.shown(theirs, For.PUBLIC, linker)) == ["image"]
