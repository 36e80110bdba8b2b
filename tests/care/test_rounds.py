"""Rounds through real storage: rot is mended, what is beyond mending is told with its owner, none too early."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

import pytest

from appliance.care import rounds, unhealed
from appliance.care.unhealed import Conclusions
from appliance.config import Config
from appliance.ledger.database import fetch, fetch_one
from appliance.renders import orders
from appliance.upkeep.confirm import Degraded
from ops.caretaker.walking import Walking
from storage import layout
from storage.admin import Admin, Course
from storage.inspection import Inspector
from storage.objects import ObjectMissing, StorageUnavailable
from tests.appliance.client import wait_for
from tests.care.rot import flip, held, shards
from tests.daemons.minio import ROOT
from tests.ledger.book import PROJECT
from tests.upkeep.house import House

BODY = bytes(range(256)) * 2000
FORGET = "TRUNCATE ledger.care, ledger.unhealed, ledger.watch"


async def whole() -> None:
    """Storage of these tests has all its drives but where a test takes one."""


@pytest.fixture
async def care(house: House) -> Callable[..., Awaitable[Any]]:
    """Does a round to its end, and gives it. `sound` raises Degraded while nothing may be concluded."""
    await fetch(FORGET)

    async def go(deep: bool = True, sound: Callable[[], Awaitable[None]] = whole) -> Any:
        which = await rounds.ask(deep, "a test")
        conclusions = Conclusions(house.ledger, house.worker, sound)
        admin = Admin(house.minio.url, *ROOT)
        await Walking(admin, Inspector(house.minio.url, *ROOT), conclusions, Config()).go_on()
        return await rounds.read(which)

    return go


async def original(asset: UUID) -> str:
    return layout.original_key("projects", PROJECT, "images", asset)


def rotten(house: House, bucket: str, key: str, count: int) -> None:
    found = shards(house.minio.drives, bucket, key)
    assert len(found) == 4
    for shard in found[:count]:
        flip(shard)


async def state(asset: UUID) -> tuple[str, str | None]:
    row = await fetch_one("SELECT state::text, error_code FROM ledger.assets WHERE id = $1", asset)
    assert row is not None
    return row["state"], row["error_code"]


async def version(house: House, asset: UUID, name: str) -> str:
    return next(stat.key for stat in house.versions_of(asset) if f"/{name}." in stat.key)


async def test_rot_in_one_shard_up_to_as_many_as_the_parity_is_mended(house: House, care: Any) -> None:
    keys = [await original(await house.done(BODY)) for _ in (1, 2)]
    before = [held(house.minio.drives, layout.ORIGINALS, key) for key in keys]
    for count, key in enumerate(keys, 1):
        rotten(house, layout.ORIGINALS, key, count)
        assert held(house.minio.drives, layout.ORIGINALS, key) != before[count - 1]
    ended = await care()
    assert (ended.mended, ended.unhealed) == (2, 0)
    assert [held(house.minio.drives, layout.ORIGINALS, key) for key in keys] == before
    assert not await unhealed.listed()


async def test_a_heal_that_reads_no_shards_does_not_see_rot_and_gives_back_what_is_missing(
    house: House, care: Any
) -> None:
    key = await original(await house.done(BODY))
    before = held(house.minio.drives, layout.ORIGINALS, key)
    shutil.rmtree(house.minio.drives[1] / layout.ORIGINALS / key)
    ended = await care(deep=False)
    assert (ended.mended, ended.unhealed) == (1, 0)
    assert held(house.minio.drives, layout.ORIGINALS, key) == before
    rotten(house, layout.ORIGINALS, key, 1)
    assert (await care(deep=False)).mended == 0
    assert (await care()).mended == 1
    assert held(house.minio.drives, layout.ORIGINALS, key) == before


async def test_an_original_beyond_healing_is_listed_with_its_owner_and_its_asset_says_so(
    house: House, care: Any
) -> None:
    asset, sound = await house.done(BODY), await house.done(BODY)
    key = await original(asset)
    rotten(house, layout.ORIGINALS, key, 3)
    with pytest.raises(StorageUnavailable):
        house.worker.get(layout.ORIGINALS, key)
    ended = await care()
    assert (ended.mended, ended.unhealed) == (0, 1)
    assert await state(asset) == ("error", "object_damaged")
    assert await state(sound) == ("done", None)
    one = (await unhealed.listed())[0]
    assert (one["key"], one["asset"], one["project"], one["chat"]) == (key, str(asset), PROJECT, None)
    assert (one["verdict"], one["filename"]) == ("damaged", "a.jpg")
    assert one["detail"]
    assert await unhealed.counts() == {"damaged": 1}
    # The next round finds it again, and has nothing new to say.
    events = await fetch("SELECT FROM ledger.events WHERE asset = $1", asset)
    await care()
    assert len(await fetch("SELECT FROM ledger.events WHERE asset = $1", asset)) == len(events)
    assert await unhealed.counts() == {"damaged": 1}


async def test_nothing_is_concluded_while_a_drive_is_away(house: House, care: Any) -> None:
    asset = await house.done(BODY)
    rotten(house, layout.ORIGINALS, await original(asset), 3)

    async def lacking() -> None:
        raise Degraded("a drive is away")

    ended = await care(sound=lacking)
    assert ended.unhealed == 1
    assert await state(asset) == ("done", None)
    assert await unhealed.counts() == {"open": 1}
    assert (await unhealed.listed())[0]["verdict"] is None
    # Once it is back, without another round.
    assert await Conclusions(house.ledger, house.worker, whole).draw() == ""
    assert await state(asset) == ("error", "object_damaged")


async def test_a_version_beyond_healing_is_made_anew(house: House, care: Any) -> None:
    asset = await house.done(BODY)
    rotten(house, layout.VERSIONS, await version(house, asset, "big"), 2)  # EC:1
    ended = await care()
    assert ended.unhealed == 1
    assert await state(asset) == ("uploaded", None)
    assert await unhealed.counts() == {"made_anew": 1}


async def test_what_was_made_on_request_is_made_anew_on_the_next(house: House, care: Any) -> None:
    asset = await house.done(BODY)
    await house.ordered(asset, "p2", BODY)
    rotten(house, layout.VERSIONS, await version(house, asset, "p2_big"), 2)
    assert (await care()).unhealed == 1
    assert await state(asset) == ("done", None)
    assert await unhealed.counts() == {}
    assert await orders.made(asset, "p2") == []


async def test_a_version_is_not_made_of_an_original_that_is_beyond_healing_itself(house: House, care: Any) -> None:
    asset = await house.done(BODY)
    rotten(house, layout.VERSIONS, await version(house, asset, "big"), 2)
    rotten(house, layout.ORIGINALS, await original(asset), 3)
    await care()
    assert await state(asset) == ("error", "object_damaged")
    assert "made_anew" not in await unhealed.counts()


async def test_what_has_lost_its_shards_for_good_is_missing(house: House, care: Any) -> None:
    """The server removes what it finds on fewer drives than it can be put together from, and says so."""
    asset = await house.done(BODY)
    key = await original(asset)
    for drive in house.minio.drives[:3]:
        shutil.rmtree(drive / layout.ORIGINALS / key)
    ended = await care()
    assert ended.unhealed == 1
    with pytest.raises(ObjectMissing):
        house.worker.get(layout.ORIGINALS, key)
    assert await state(asset) == ("error", "object_missing")
    assert await unhealed.counts() == {"missing": 1}


async def test_what_is_on_a_drive_that_is_away_waits_for_it_and_is_no_loss(house: House, care: Any) -> None:
    asset = await house.done(BODY)
    drive = house.minio.drives[3]
    admin = Admin(house.minio.url, *ROOT)
    drive.rename(drive.with_suffix(".away"))
    try:
        wait_for(lambda: any(not one.here for one in admin.cluster().drives), 60)
        ended = await care(deep=False)
        later = await house.done(BODY)
    finally:
        shutil.rmtree(drive, ignore_errors=True)  # the server may have made a new folder there
        drive.with_suffix(".away").rename(drive)
    assert (ended.waiting, ended.unhealed, ended.mended) == (3, 0, 0)
    assert await state(asset) == ("done", None)
    wait_for(lambda: all(one.here for one in admin.cluster().drives), 60)
    assert (await care(deep=False)).waiting == 0
    assert len(shards(house.minio.drives, layout.ORIGINALS, await original(later))) == 4


async def test_a_healing_that_the_server_forgot_when_it_was_killed_is_not_taken_for_done(
    house: House, care: Any
) -> None:
    await house.done(BODY)
    admin = Admin(house.minio.url, *ROOT)
    token = admin.heal(layout.ORIGINALS, "projects/", deep=True)
    house.minio.daemon.kill()
    house.minio.daemon.start()
    assert admin.more(layout.ORIGINALS, "projects/", token).course is Course.LOST
    assert (await care()).looked == 3


async def test_a_bucket_that_is_gone_keeps_no_round_from_ending(house: House, care: Any) -> None:
    which = await rounds.ask(False, "a test", bucket="nowhere")
    await care()
    ended = await rounds.read(which)
    assert ended is not None
    assert (ended.slices, ended.looked, ended.trouble) == (0, 0, "")
    assert ended.ended_at is not None


async def test_what_nothing_refers_to_is_no_loss(house: House, care: Any) -> None:
    asset = await house.done(BODY)
    left = house.put_original(asset, BODY + b"sent again")
    key = await original(asset)
    rows = await fetch("SELECT version_id FROM ledger.blobs WHERE key = $1", key)
    by_age = sorted(shards(house.minio.drives, layout.ORIGINALS, key), key=lambda shard: shard.stat().st_mtime)
    assert len(by_age) == 8
    for shard in by_age[4:7]:
        flip(shard)
    ended = await care()
    assert ended.unhealed == 1
    assert rows[0]["version_id"] != left.version_id
    assert await state(asset) == ("done", None)
    assert not await unhealed.listed()


async def test_what_was_asked_for_twice_is_done_once_and_heals_go_before_scrubs(house: House, care: Any) -> None:
    scrub = await rounds.ask(True, "every 30 days")
    heal = await rounds.ask(False, "a drive is back", since=1_700_000_000.0)
    assert await rounds.ask(False, "another drive is back") == heal
    first = await rounds.first()
    assert first is not None
    assert (first.id, first.why, first.since) == (heal, "a drive is back; another drive is back", None)
    await care(deep=False)
    ended = [await rounds.read(which) for which in (heal, scrub)]
    assert all(one and one.ended_at for one in ended)
    assert ended[0].ended_at <= ended[1].began_at  # type: ignore[union-attr,operator]


async def test_a_round_that_was_broken_off_goes_on_with_the_next_slice(house: House, care: Any) -> None:
    """Whoever comes next does what is left: the newest day was done with, the older one was not."""
    new, old = await house.done(BODY), await house.done(BODY, days_ago=3)
    for asset in (new, old):
        rotten(house, layout.ORIGINALS, await original(asset), 1)
    which = await rounds.ask(True, "a test")
    conclusions = Conclusions(house.ledger, house.worker, whole)
    walking = Walking(Admin(house.minio.url, *ROOT), Inspector(house.minio.url, *ROOT), conclusions, Config())
    real, done = rounds.slice_done, asyncio.Event()

    async def killed_after_two(one: int, mark: str) -> None:
        await real(one, mark)
        row = await rounds.read(one)
        if row and row.slices_done == 2:
            done.set()
            await asyncio.sleep(60)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rounds, "slice_done", killed_after_two)
        task = asyncio.create_task(walking.go_on())
        await asyncio.wait_for(done.wait(), 30)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    row = await rounds.read(which)
    assert row is not None
    assert (row.mended, row.ended_at) == (1, None), "the newest day comes first"
    looked = row.looked
    await care()
    row = await rounds.read(which)
    assert row is not None
    assert row.mended == 2
    assert row.ended_at is not None
    assert row.slices_done == row.slices == 4
    assert row.looked == 2 * looked, "what was done with was not looked at again"


async def test_after_a_moment_away_only_what_was_written_since_is_looked_through(house: House, care: Any) -> None:
    """Folders of recent days, and those of old days in which something has changed: all else was there already."""
    still, changed, new = [await house.done(BODY, days_ago=ago) for ago in (40, 50, 0)]
    await fetch("UPDATE ledger.assets SET changed_at = now() - interval '39 days' WHERE id = $1", still)
    for asset in (still, changed, new):
        for shard in shards(house.minio.drives, layout.ORIGINALS, await original(asset))[:1]:
            shard.unlink()
    # Of one bucket: healing the settings of the server, at the end of others, heals some objects as well.
    await rounds.ask(False, "a drive is back", layout.ORIGINALS, time.time() - 600)
    conclusions = Conclusions(house.ledger, house.worker, whole)
    await Walking(Admin(house.minio.url, *ROOT), Inspector(house.minio.url, *ROOT), conclusions, Config()).go_on()
    left = [len(shards(house.minio.drives, layout.ORIGINALS, await original(asset))) for asset in (still, changed, new)]
    assert left == [3, 4, 4]
    assert (await care(deep=False)).mended >= 1, "a round through everything finds it"
    assert len(shards(house.minio.drives, layout.ORIGINALS, await original(still))) == 4
