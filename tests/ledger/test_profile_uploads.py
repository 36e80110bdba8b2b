"""Uploads for a profile, in the ledger: one of each role, never more than is allowed, and what may be sent in."""

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest

from appliance.accounts import owners
from appliance.config import Config
from appliance.errors import BadRequest, NotFound
from appliance.ledger.database import fetch, fetch_one
from appliance.ledger.service import NOBODY, NOTHING, Announced, Bytes
from appliance.profiles import media, uploads
from appliance.profiles.claims import path_of
from appliance.profiles.clearing import Clearing
from appliance.profiles.editions import Editions, MediaGone
from appliance.profiles.form import Form
from appliance.profiles.roles import ROLES
from appliance.profiles.uploads import TooManyUploads, Uploads
from appliance.quotas.errors import LimitReached
from storage import layout
from tests.ledger.book import VERSION, Book
from tests.ledger.test_cost import check_cost

ANNA, BEN = "anna", "ben"
CONFIG = Config()
FACTS = {"image": {"kind": "image"}, "logo": {"kind": "image"}, "video": {"kind": "video", "seconds": 3.0}}


class Desk:
    """Uploads of users, as the API takes them."""

    def __init__(self, book: Book, **settings: Any) -> None:
        self.book, self.config = book, replace(CONFIG, **settings)
        self.uploads = Uploads(book.ledger, None, self.config)  # type: ignore[arg-type]

    async def open(self, role: str = "image", who: str = ANNA, said: Announced = NOTHING) -> UUID:
        of = ROLES[role]
        kind = (of.profile.folder, of.profile.name, of.profile.lane, of.recipe)
        slot = await self.uploads._opened(of, layout.USERS, who, *kind, role, 900, NOBODY, said)
        assert slot is not None
        return slot.id

    async def come(self, asset: UUID, who: str = ANNA, size: int = 5000) -> None:
        """Its bytes."""
        folder = (await self.book.row(asset))["folder"]
        key = layout.original_key(layout.USERS, who, folder, asset)
        await self.book.ledger.arrive(layout.ORIGINALS, [Bytes(asset, key, str(uuid4()), size, "etag")])

    async def made(self, asset: UUID, **facts: Any) -> None:
        """Its worker is done."""
        claim = await self.book.ledger.claim(asset, 30)
        assert claim
        assert await self.book.ledger.finish(claim, "cd" * 32, facts, [VERSION], "recipe")

    async def done(self, role: str = "image", who: str = ANNA, **facts: Any) -> UUID:
        asset = await self.open(role, who)
        await self.come(asset, who)
        await self.made(asset, **{**FACTS[role], **facts})
        return asset

    async def mine(self, who: str = ANNA) -> dict[str, UUID]:
        return {one.role: one.file.id for one in await uploads.listed(who, self.config)}

    async def claimed(self, who: str = ANNA, **paths: str | None) -> dict[str, UUID]:
        return await uploads.claimed(who, paths, self.config)

    async def refused(self, who: str = ANNA, **paths: str | None) -> dict[str, str]:
        with pytest.raises(BadRequest) as error:
            await self.claimed(who, **paths)
        return error.value.fields


@pytest.fixture
async def desk(book: Book) -> Desk:
    for who in (ANNA, BEN):
        await owners.USERS.create("wallet", who)
    return Desk(book)


async def edition(state: str, media: dict[str, UUID], who: str = ANNA) -> UUID:
    """One with these files, which are no uploads any more. Rows as they are, whatever steps led there."""
    await fetch("INSERT INTO profiles (user_id) VALUES ($1) ON CONFLICT DO NOTHING", who)
    made = await fetch_one(
        "INSERT INTO profile_editions (profile, name) SELECT id, 'Anna' FROM profiles WHERE user_id = $1 RETURNING id",
        who,
    )
    assert made
    await fetch("ALTER TABLE profile_editions DISABLE TRIGGER USER")
    await fetch("UPDATE profile_editions SET state = $2 WHERE id = $1", made["id"], state)
    await fetch("ALTER TABLE profile_editions ENABLE TRIGGER USER")
    for role, asset in media.items():
        await fetch("INSERT INTO profile_media (edition, role, asset) VALUES ($1, $2, $3)", made["id"], role, asset)
        await fetch("DELETE FROM profile_uploads WHERE asset = $1", asset)
    found: UUID = made["id"]
    return found


async def test_the_newer_replaces_the_older_at_once(desk: Desk) -> None:
    first, logo = await desk.done("image"), await desk.open("logo")
    second = await desk.open("image")
    assert await desk.mine() == {"image": second, "logo": logo}
    assert await desk.book.state(first) == "deleting"
    with pytest.raises(NotFound):
        await uploads.one(ANNA, first, CONFIG)
    assert desk.book.rung, "who waits for events is told"


async def test_what_an_edition_has_stays_when_a_newer_one_comes(desk: Desk) -> None:
    image = await desk.done()
    await edition("in_review", {"image": image})
    newer = await desk.open()
    assert await desk.book.state(image) == "done"
    assert await desk.mine() == {"image": newer}
    assert (await uploads.one(ANNA, image, CONFIG)).expires_at is None


async def test_of_many_at_once_one_stays(desk: Desk) -> None:
    """And the bytes of some come meanwhile."""

    async def sent() -> None:
        await desk.come(await desk.open())

    await asyncio.gather(*(sent() for _ in range(12)))
    rows = await fetch("SELECT id FROM ledger.assets WHERE state NOT IN ('deleting', 'deleted')")
    assert [row["id"] for row in rows] == list((await desk.mine()).values())
    assert len(rows) == 1


async def test_uploads_within_an_hour_are_bounded(book: Book, desk: Desk) -> None:
    desk = Desk(book, profile_uploads_an_hour=3)
    for role in ("image", "image", "video"):
        await desk.open(role)
    with pytest.raises(TooManyUploads) as error:
        await desk.open("logo")
    assert 3500 < (error.value.retry_after or 0) <= 3600
    assert [row["n"] for row in await fetch("SELECT count(*) AS n FROM ledger.assets")] == [3], "no row, no tombstone"
    await desk.open("logo", BEN)
    await fetch("UPDATE profile_upload_counts SET since = since - interval '1 hour'")
    await desk.open("logo")


async def test_bytes_are_bounded_by_what_may_come(book: Book, desk: Desk) -> None:
    """Five sets of 10,000 bytes: each edition has one of 5,000."""
    desk = Desk(book, profile_image_bytes=2500, profile_video_bytes=5000)
    for _ in range(9):
        await edition("rejected", {"image": await desk.done()})
    await desk.open("image", said=Announced(2500))
    with pytest.raises(LimitReached, match="50000 bytes"):
        await desk.open("video")
    await desk.open("image")
    await desk.open("video", said=Announced(2000))
    [usage] = await fetch("SELECT slots FROM ledger.usage WHERE scope = 'user' AND id = $1", ANNA)
    assert usage["slots"] == 3, "those that are open, and the one that was replaced, until it is erased"


async def test_what_is_taken_back_is_gone_for_its_user_alone(desk: Desk) -> None:
    image = await desk.done()
    for who, asset in ((BEN, image), (ANNA, uuid4())):
        with pytest.raises(NotFound):
            await desk.uploads.drop(who, asset)
    await desk.uploads.drop(ANNA, image)
    assert await desk.book.state(image) == "deleting"
    with pytest.raises(NotFound):
        await desk.uploads.drop(ANNA, image)


async def test_a_user_that_is_deleted_uploads_nothing(desk: Desk) -> None:
    await owners.USERS.delete(ANNA)
    with pytest.raises(AssertionError):
        await desk.open()
    assert await desk.mine() == {}


async def test_good_files_are_taken(desk: Desk) -> None:
    image, logo, video = [await desk.done(role) for role in ("image", "logo", "video")]
    paths = {"image": path_of(image), "logo": path_of(logo), "video": path_of(video)}
    assert await desk.claimed(**paths) == {"image": image, "logo": logo, "video": video}
    assert await desk.claimed(image=path_of(image), logo=None, video=None) == {"image": image}
    await edition("published", {"image": image, "video": video})
    assert await desk.claimed(image=path_of(image), video=path_of(video)) == {"image": image, "video": video}


async def test_all_that_is_wrong_is_told_at_once(desk: Desk) -> None:
    foreign, logo = await desk.done(who=BEN), await desk.done("logo")
    told = await desk.refused(image=path_of(foreign), logo=path_of(logo), video=path_of(logo))
    assert told == {
        "image_data.image_path": "this is the path of no upload of yours",
        "video_data.video_path": "this was uploaded as logo",
    }
    assert (await desk.refused(image=None)) == {"image_data.image_path": "a profile has to have this"}


async def test_other_paths_are_none(desk: Desk) -> None:
    image = await desk.done()
    good = path_of(image)
    for path in (
        "",
        "/",
        f"/files/{image}",
        f"{good}/",
        f"{good}\n",
        f"/x{good}",
        good.upper(),
        str(image),
        "x" * 9999,
    ):
        told = await desk.refused(image=path)
        assert told == {"image_data.image_path": "this is the path of no upload of yours"}


async def test_what_is_not_ready_is_refused_with_why(desk: Desk) -> None:
    image = await desk.open()
    told = [(await desk.refused(image=path_of(image)))["image_data.image_path"]]
    await desk.come(image)
    told += (await desk.refused(image=path_of(image))).values()
    claim = await desk.book.ledger.claim(image, 30)
    assert claim
    await desk.book.finish(claim)
    assert await desk.claimed(image=path_of(image))
    await fetch("UPDATE profile_uploads SET since = since - interval '24 hours'")
    told += (await desk.refused(image=path_of(image))).values()
    gone = await desk.open()
    await desk.book.ledger.expire([gone])
    told += (await desk.refused(image=path_of(gone))).values()
    assert told[:3] == [
        "this file has not come yet",
        "this file is not ready yet",
        "this upload has run out; upload it again",
    ]
    assert told[3].startswith("No complete file arrived")


async def test_the_content_decides_what_it_is_and_how_long(book: Book, desk: Desk) -> None:
    image = path_of(await desk.done())
    video = await desk.done("video", kind="image")
    assert "kind image" in (await desk.refused(image=image, video=path_of(video)))["video_data.video_path"]
    video = await desk.done("video", seconds=300.5)
    assert "300.5 seconds" in (await desk.refused(image=image, video=path_of(video)))["video_data.video_path"]
    small = Desk(book, profile_image_bytes=4999)
    assert "4,999 bytes" in (await small.refused(image=image))["image_data.image_path"]


async def test_what_nobody_sends_in_goes_after_a_while(desk: Desk) -> None:
    old, kept = await desk.done("image"), await desk.done("video")
    await edition("draft", {"video": kept})
    await fetch("INSERT INTO profile_uploads (user_id, role, asset) VALUES ($1, 'video', $2)", ANNA, kept)
    new = await desk.open("logo")
    clearing = Clearing(desk.book.ledger, CONFIG)
    await clearing.drop()
    assert len(await desk.mine()) == 3
    await fetch("UPDATE profile_uploads SET since = since - interval '24 hours' WHERE asset <> $1", new)
    await fetch("UPDATE profile_upload_counts SET since = since - interval '1 hour'")
    await clearing.drop()
    assert await desk.mine() == {"logo": new}
    assert await desk.book.state(old) == "deleting"
    assert await desk.book.state(kept) == "done"
    assert await fetch("SELECT FROM profile_upload_counts") == []


async def test_media_of_old_editions_go_unless_another_or_an_upload_has_them(desk: Desk) -> None:
    shared = await desk.done("image")
    first = await edition("expired", {"image": shared})
    second = await edition("published", {"image": shared})
    uploaded = await desk.done("logo")
    await fetch("INSERT INTO profile_media VALUES ($1, 'logo', $2)", first, uploaded)
    alone = await desk.done("video")
    third = await edition("rejected", {"video": alone})
    await media.drop_unreferenced(desk.book.ledger, [first, second, third])
    states = [await desk.book.state(asset) for asset in (shared, uploaded, alone)]
    assert states == ["done", "done", "deleting"]
    gone = await fetch("SELECT id FROM profile_editions WHERE dropped_at IS NOT NULL ORDER BY id")
    assert [row["id"] for row in gone] == sorted([first, third])
    await media.drop_unreferenced(desk.book.ledger, [first, third])
    assert await desk.book.state(shared) == "done"


async def test_what_goes_after_a_while_can_be_sent_in_until_then(desk: Desk) -> None:
    image = await desk.done()
    rejected = await edition("rejected", {"image": image})
    assert await desk.claimed(image=path_of(image)) == {"image": image}
    await media.drop_unreferenced(desk.book.ledger, [rejected])
    assert await desk.refused(image=path_of(image))


async def test_what_is_sent_in_while_it_is_replaced_and_taken_back_is_whole(desk: Desk) -> None:
    """A profile has all its files, or is told that one is gone; and nobody waits for somebody who waits for him."""
    sent = Editions(desk.book._ring, CONFIG)
    form = Form(name="Anna", url=None, activity_hobbies="", hashtags=[], is_incognito=False)
    for turn in range(8):
        image, logo = await desk.done("image"), await desk.done("logo")
        calls = [
            sent.open(ANNA, form, [], {"image": image, "logo": logo}),
            desk.open("image"),
            desk.uploads.drop(ANNA, logo),
            Clearing(desk.book.ledger, CONFIG).drop(),
        ]
        ended = await asyncio.gather(*(calls if turn % 2 else reversed(calls)), return_exceptions=True)
        assert all(isinstance(error, MediaGone | NotFound) for error in ended if isinstance(error, BaseException)), (
            ended
        )
        whole = [await desk.book.state(asset) for asset in (image, logo)] == ["done", "done"]
        assert whole == bool(await fetch("SELECT FROM profile_media")), "what is in an edition stays"
        await fetch("DELETE FROM profiles")
    assert await fetch("SELECT * FROM ledger.miscounted(5)") == []


async def test_the_chore_reads_only_what_is_old(desk: Desk, database_url: str) -> None:
    rows = 60_000
    uploads_of_many = "SELECT 'user ' || n, 'image', uuidv7() FROM generate_series(1, $1) n"
    await fetch("INSERT INTO users (id, name) SELECT 'user ' || n, 'wallet' FROM generate_series(1, $1) n", rows)
    await fetch(f"INSERT INTO profile_uploads (user_id, role, asset) {uploads_of_many}", rows)
    await fetch("INSERT INTO profile_upload_counts (user_id) SELECT 'user ' || n FROM generate_series(1, $1) n", rows)
    await desk.done()
    await fetch("UPDATE profile_uploads SET since = since - interval '24 hours' WHERE user_id = $1", ANNA)
    await fetch("UPDATE profile_upload_counts SET since = since - interval '1 hour' WHERE user_id = $1", ANNA)
    await check_cost(database_url, rows, {"drop": "SELECT * FROM ledger.drop_profile_uploads(86400, 200)"})
