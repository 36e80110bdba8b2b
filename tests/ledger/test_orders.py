"""Orders: placed once however many ask, done once, bounded, and never left behind by what happens to their asset."""

import asyncio
import hashlib
import io
import os
import signal
import threading
import time
import zipfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pillow_avif  # noqa: F401  registers its decoder
import pytest
from PIL import Image

from appliance.bundles.jobs import NAME as BUNDLE
from appliance.bundles.jobs import Builder
from appliance.config import Config
from appliance.files.jobs import Developer
from appliance.ledger.database import fetch
from appliance.live.progress import Teller
from appliance.queue import queue_name
from appliance.renders import jobs, orders
from appliance.renders.jobs import Renderer
from appliance.renders.orders import Claim, Orders, Placed
from appliance.renders.source import sufficient
from appliance.renders.sweep import Filling
from appliance.upkeep.confirm import judge
from processors.renditions import named
from processors.sandbox.messages import Reply
from processors.sandbox.sandbox import Sandbox
from processors.sandbox.spawn import Child
from storage import layout
from storage.inspection import Inspector
from storage.objects import StorageError
from tests.daemons.minio import WORKER, Minio
from tests.ledger.book import FAILURE, VERSION, Book
from tests.ledger.intake import Intake, until

CONFIG = Config(data=Path("/nonexistent"))
NAME = "r_64x64_cover_webp_q85"
MANY = 1000
KEY = "projects/111/images/20261126/01a21740-71d2-7fa1-ade7-16cf11dfac73/bundle.0123456789ab.zip"


async def place(asset: UUID, name: str = NAME, most: int | None = None, most_open: int = MANY) -> Placed:
    return await orders.place(asset, name, most, most_open)


class Desk:
    """Orders, and what they rang for."""

    def __init__(self) -> None:
        self.rung: list[tuple[int, int]] = []
        self.orders = Orders(lambda told: self.rung.extend(told))

    async def claimed(self, asset: UUID, name: str = NAME) -> Claim:
        await place(asset, name)
        claim = await self.orders.claim(asset, name, 30)
        assert claim is not None
        return claim

    async def finish(self, claim: Claim) -> bool:
        return await self.orders.finish(claim, [{**VERSION, "name": claim.name}], "recipe")


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def aged(asset: UUID, seconds: float) -> None:
    """Makes every time in an asset's orders older."""
    older = ", ".join(f"{one} = {one} - make_interval(secs => $2)" for one in ("placed_at", "ended_at", "lease_until"))
    await fetch(f"UPDATE ledger.orders SET {older} WHERE asset = $1", asset, seconds)


async def test_forty_who_ask_at_once_place_one_order(book: Book) -> None:
    asset = await book.asset_in("done")
    verdicts = [one.verdict for one in await asyncio.gather(*(place(asset) for _ in range(40)))]
    assert sorted(verdicts) == ["new"] + ["open"] * 39
    assert len(await fetch("SELECT FROM ledger.orders WHERE asset = $1", asset)) == 1


@pytest.mark.parametrize("state", ["init", "expired", "uploaded", "error", "deleting", "deleted"])
async def test_only_what_is_done_takes_orders(book: Book, state: str) -> None:
    assert (await place(await book.asset_in(state))).verdict == "not_done"


async def test_an_order_is_done_once_and_is_then_versions(book: Book, desk: Desk) -> None:
    asset = await book.asset_in("done")
    claim = await desk.claimed(asset)
    assert await desk.orders.claim(asset, NAME, 30) is None
    assert await desk.finish(claim)
    assert not await desk.finish(claim)
    assert (await place(asset)).verdict == "made"
    assert [one["name"] for one in await orders.made(asset, NAME)] == [NAME]
    assert [one["name"] for one in await orders.made(asset, None)] == [VERSION["name"]]
    assert desk.rung == [(-claim.id, 1)] * 2


async def test_who_lost_the_lease_can_do_nothing_with_it(book: Book, desk: Desk) -> None:
    asset = await book.asset_in("done")
    lost = await desk.claimed(asset)
    await aged(asset, 31)
    held = await desk.orders.claim(asset, NAME, 30)
    assert held is not None
    assert not await desk.finish(lost)
    await desk.orders.fail(lost, "too_slow", "")
    await desk.orders.give_back(lost, 0)
    assert (await place(asset)).verdict == "open"
    assert await desk.finish(held)


async def test_orders_are_bounded_but_those_that_always_are_taken(book: Book, desk: Desk) -> None:
    asset = await book.asset_in("done")
    assert await desk.finish(await desk.claimed(asset, "p1"))
    assert (await place(asset, "p2", most=2)).verdict == "new"
    assert (await place(asset, "p3", most=2)).verdict == "too_many"
    assert (await place(asset, "p2", most=2)).verdict == "open"
    assert (await place(asset, "p1", most=2)).verdict == "made"
    assert (await place(asset, "p3")).verdict == "new"
    assert (await place(asset, "p4", most_open=2)).verdict == "busy"
    other = await book.asset_in("done")
    assert (await place(other, "p1", most=1)).verdict == "new"
    verdicts = await asyncio.gather(*(place(other, f"p{n}", most=5) for n in range(2, 20)))
    assert [one.verdict for one in verdicts].count("new") == 4


async def test_what_failed_says_why_until_it_may_be_tried_again(book: Book, desk: Desk) -> None:
    asset = await book.asset_in("done")
    await desk.orders.fail(await desk.claimed(asset), "too_slow", "This took too long.")
    told = await place(asset)
    assert (told.verdict, told.code, told.message) == ("failed", "too_slow", "This took too long.")
    assert await desk.orders.claim(asset, NAME, 30) is None
    await aged(asset, 601)
    assert (await place(asset)).verdict == "new"


async def test_a_file_that_kills_three_workers_is_given_up(book: Book, desk: Desk, intake: Intake) -> None:
    asset = await book.asset_in("done")
    for _ in range(3):
        await desk.claimed(asset)
        await aged(asset, 31)
    assert await desk.orders.claim(asset, NAME, 30) is None
    await Filling(intake.queue).fill()
    assert (await place(asset)).code == "processing_failed"
    assert intake.queued() == []


async def test_put_off_is_no_try_and_no_answer_is_one(book: Book, desk: Desk) -> None:
    asset = await book.asset_in("done")
    for used, tries in ((False, 3), (True, 2), (False, 2)):
        await desk.orders.give_back(await desk.claimed(asset), 0, used)
        [row] = await fetch("SELECT tries FROM ledger.orders WHERE asset = $1", asset)
        assert row["tries"] == tries


async def test_what_valkey_lost_is_queued_again_ahead_of_all_files(book: Book, intake: Intake) -> None:
    waiting = await book.uploaded()
    await intake.sweep.fill()
    asset = await book.asset_in("done")
    await place(asset)
    for _ in range(2):
        await Filling(intake.queue).fill()
    assert intake.queued() == [f"{asset}/{NAME}:1", f"{waiting}:1"]
    intake.valkey.delete(queue_name("images"))
    intake.valkey.flushall()
    await Filling(intake.queue).fill()
    assert intake.queued() == [f"{asset}/{NAME}:1"]


async def test_an_order_nobody_got_is_forgotten(book: Book, intake: Intake) -> None:
    asset = await book.asset_in("done")
    await place(asset)
    await aged(asset, 3601)
    await Filling(intake.queue).fill()
    assert not await fetch("SELECT FROM ledger.orders")


async def test_a_bundle_is_promised_and_waits_behind_what_somebody_waits_for(book: Book, intake: Intake) -> None:
    first, second = await book.asset_in("done"), await book.asset_in("done")
    await place(first, BUNDLE)
    await aged(first, 3601)
    await place(second)
    await Filling(intake.queue).fill()
    rows = await fetch("SELECT asset, name FROM ledger.open_orders(10)")
    assert [tuple(row) for row in rows] == [(second, NAME), (first, BUNDLE)]


async def test_deleting_an_asset_ends_its_orders_and_looks_for_what_is_still_written(book: Book, desk: Desk) -> None:
    asset = await book.asset_in("done")
    claim = await desk.claimed(asset)
    await book.ledger.remove([asset])
    assert not await desk.finish(claim)
    await book.ledger.bury(asset)
    assert not await fetch("SELECT FROM ledger.orders")
    assert not await fetch("SELECT FROM ledger.versions WHERE asset = $1", asset)
    await fetch("UPDATE ledger.assets SET check_at = now(), expires_at = now() - interval '1 day' WHERE id = $1", asset)
    [row] = await fetch("SELECT * FROM ledger.erase_due(10)")
    assert not row["last"], "a worker may write for the length of its lease"


async def test_processing_anew_drops_what_was_made_on_request(book: Book, desk: Desk) -> None:
    asset = await book.asset_in("done")
    claim = await desk.claimed(asset)
    await desk.finish(claim)
    await book.ledger.miss([asset], FAILURE)
    assert await orders.made(asset, NAME)  # in view of nobody, but explained
    await book.ledger.retry([asset])
    again = await book.ledger.claim(asset, 30)
    assert again is not None
    assert await book.finish(again)
    assert not await orders.made(asset, NAME)
    assert (await place(asset)).verdict == "new"


def test_the_smallest_version_with_all_the_pixels_is_the_source() -> None:
    boxes = {"thumb": (150, 112), "big_thumb": (700, 525), "big_1920": (1440, 1080), "d2500": (2500, 1875)}
    versions = [{"name": name, "width": w, "height": h} for name, (w, h) in boxes.items()]
    for name, source in {
        "r_150x112_inside_jpeg_q82": "thumb",
        "r_151x0_inside_jpeg_q82": "big_thumb",
        "r_150x150_cover_jpeg_q82": "big_thumb",  # 200 x 150, of which the middle is cut
        "r_700x700_inside_jpeg_q82": "big_thumb",
        "r_700x700_cover_jpeg_q82": "big_1920",
        "r_2000x2000_pad_jpeg_q82": "d2500",
        "r_3000x0_inside_jpeg_q82": None,
    }.items():
        rendition = named(name)
        assert rendition is not None
        found = sufficient(versions, (4000, 3000), rendition.spec)
        assert (found and found["name"]) == source, name


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as made:
        yield made


@pytest.fixture
async def photo(intake: Intake, minio: Minio, sandbox: Sandbox) -> UUID:
    """A real photo, developed."""
    drawn = io.BytesIO()
    Image.new("RGB", (900, 600), "orange").save(drawn, "JPEG")
    asset = await intake.book.slot()
    await intake.upload(asset, drawn.getvalue())
    await intake.notified([asset])
    await intake.read()
    await Developer(intake.book.ledger, minio.objects(WORKER), sandbox, CONFIG, "images").develop(asset)
    assert await intake.book.state(asset) == "done"
    return asset


def renderer(desk: Desk, minio: Minio, sandbox: Sandbox) -> Renderer:
    return Renderer(desk.orders, minio.objects(WORKER), sandbox, builder(minio), CONFIG)


def builder(minio: Minio) -> Builder:
    return Builder(Inspector(minio.url, *WORKER), Teller("redis://127.0.0.1:1"))


def stored(intake: Intake, asset: UUID) -> dict[str, int]:
    """The versions in storage, by name."""
    return {stat.key.rpartition("/")[2].split(".")[0]: stat.size for stat in intake.stored(asset, layout.VERSIONS)}


async def test_a_worker_makes_it_and_it_is_explained(
    desk: Desk, minio: Minio, sandbox: Sandbox, photo: UUID, intake: Intake
) -> None:
    for name in (NAME, "r_1000x1000_pad_avif_q70"):  # the second from the original
        await place(photo, name)
        await asyncio.gather(*(renderer(desk, minio, sandbox).render(photo, name) for _ in range(3)))
        [version] = await orders.made(photo, name)
        assert stored(intake, photo)[name] == version["bytes"]
    assert len(desk.rung) == 2
    [stat] = [stat for stat in intake.stored(photo, layout.VERSIONS) if NAME in stat.key]
    file = stat.key.rpartition("/")[2]
    rows = await fetch("SELECT * FROM ledger.explain('versions', $1, $2, $3, $4)", [stat.key], [""], [photo], [file])
    assert rows[0]["kept"]
    assert judge(layout.VERSIONS, None, rows[0]) is None  # type: ignore[arg-type]


async def test_storage_that_is_away_puts_it_off(desk: Desk, minio: Minio, sandbox: Sandbox, photo: UUID) -> None:
    await place(photo)
    minio.daemon.kill()
    try:
        await renderer(desk, minio, sandbox).render(photo, NAME)
    finally:
        minio.daemon.start()
    later = "lease_until >= placed_at + interval '2 seconds' AS later"
    [row] = await fetch(f"SELECT tries, lease, {later} FROM ledger.orders WHERE asset = $1", photo)
    assert tuple(row) == (3, None, True)


async def test_a_sandbox_that_dies_uses_up_a_try_and_the_next_does_it(
    desk: Desk, minio: Minio, sandbox: Sandbox, photo: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive, given = Child.receive, asyncio.Event()

    async def waiting(child: Child, seconds: float) -> Reply:
        given.set()
        return await receive(child, seconds)

    monkeypatch.setattr(Child, "receive", waiting)
    await place(photo)
    assert sandbox.pid is not None
    os.kill(sandbox.pid, signal.SIGSTOP)
    rendering = asyncio.create_task(renderer(desk, minio, sandbox).render(photo, NAME))
    # One that dies before it has its job is replaced, which uses up no try.
    await asyncio.wait_for(given.wait(), 20)
    os.kill(sandbox.pid, signal.SIGKILL)
    await rendering
    [row] = await fetch("SELECT tries FROM ledger.orders WHERE asset = $1", photo)
    assert row["tries"] == 2
    await renderer(desk, minio, sandbox).render(photo, NAME)
    assert await orders.made(photo, NAME)


async def test_a_source_that_is_damaged_is_not_shown(
    desk: Desk, minio: Minio, sandbox: Sandbox, photo: UUID, intake: Intake
) -> None:
    name = "r_700x700_inside_jpeg_q82"
    [stat] = [stat for stat in intake.stored(photo, layout.VERSIONS) if "/big_thumb." in stat.key]
    await asyncio.to_thread(minio.objects(WORKER).put, layout.VERSIONS, stat.key, b"others", "image/jpeg")
    await place(photo, name)
    await renderer(desk, minio, sandbox).render(photo, name)
    assert (await place(photo, name)).code == "version_damaged"


async def test_a_bundle_is_built_once_and_is_what_it_says(
    desk: Desk, minio: Minio, sandbox: Sandbox, photo: UUID, intake: Intake
) -> None:
    await place(photo, BUNDLE)
    await renderer(desk, minio, sandbox).render(photo, BUNDLE)
    [bundle] = await orders.made(photo, BUNDLE)
    [stat] = [stat for stat in intake.stored(photo, layout.VERSIONS) if "/bundle." in stat.key]
    data = await asyncio.to_thread(minio.objects(WORKER).get, layout.VERSIONS, stat.key)
    assert hashlib.sha256(data).hexdigest() == bundle["sha256"]
    assert len(data) == bundle["bytes"] == stat.size
    assert len(zipfile.ZipFile(io.BytesIO(data)).namelist()) == 5


async def test_a_worker_builds_one_bundle_at_a_time(
    book: Book, desk: Desk, minio: Minio, sandbox: Sandbox, photo: UUID
) -> None:
    """However many it is given at once: files are never all behind them."""
    other = await book.asset_in("done")
    for asset in (photo, other):
        await place(asset, BUNDLE)
    worker = renderer(desk, minio, sandbox)
    await asyncio.gather(worker.render(photo, BUNDLE), worker.render(other, BUNDLE))
    assert await orders.made(photo, BUNDLE)
    [row] = await fetch("SELECT attempts FROM ledger.orders WHERE asset = $1", other)
    assert row["attempts"] == 0, "left to the sweep"


async def test_what_takes_too_long_says_so(desk: Desk, minio: Minio, sandbox: Sandbox, photo: UUID) -> None:
    await place(photo, BUNDLE)
    settings = replace(CONFIG, bundle_seconds=0)
    await Renderer(desk.orders, minio.objects(WORKER), sandbox, builder(minio), settings).render(photo, BUNDLE)
    assert await orders.failure(photo, BUNDLE) == (True, *jobs.TOO_SLOW)


async def test_what_storage_has_no_more_ends_an_order_and_does_not_put_it_off(
    desk: Desk, minio: Minio, sandbox: Sandbox, photo: UUID, intake: Intake
) -> None:
    for name, bucket, gone in (
        ("r_700x700_inside_jpeg_q82", layout.VERSIONS, "/big_thumb."),
        (BUNDLE, layout.ORIGINALS, str(photo)),
    ):
        [stat] = [stat for stat in intake.stored(photo, bucket) if gone in stat.key]
        await asyncio.to_thread(minio.objects(WORKER).delete_version, bucket, stat.key, stat.version_id or "")
        await place(photo, name)
        await renderer(desk, minio, sandbox).render(photo, name)
        assert (await place(photo, name)).code == "object_missing"


async def test_a_bundle_of_a_file_that_is_deleted_meanwhile_is_left_alone(
    desk: Desk, minio: Minio, sandbox: Sandbox, photo: UUID, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Building it is ended soon, and what was being sent is not stored."""
    monkeypatch.setattr(jobs, "LEASE_SECONDS", 0.6)
    went_on = threading.Event()
    pieces = Inspector.pieces

    def slow(self: Inspector, *args: Any) -> Iterator[bytes]:
        for piece in pieces(self, *args):
            time.sleep(0.3)
            yield piece
        went_on.set()

    monkeypatch.setattr(Inspector, "pieces", slow)
    await place(photo, BUNDLE)
    building = asyncio.create_task(renderer(desk, minio, sandbox).render(photo, BUNDLE))
    await until(lambda: asyncio.to_thread(went_on.wait, 0))
    await intake.book.ledger.remove([photo])
    await building
    await asyncio.sleep(1)
    assert "bundle" not in stored(intake, photo)


async def test_what_is_sent_and_not_what_was_said_is_not_stored(minio: Minio, intake: Intake) -> None:
    def put(pieces: list[bytes], size: int) -> None:
        digest = hashlib.sha256(b"".join(pieces)).hexdigest()
        sent = (piece for piece in [pieces[0], b"others"])
        minio.objects(WORKER).put_pieces(layout.VERSIONS, KEY, sent, size, "application/zip", digest)

    with pytest.raises(StorageError):
        await asyncio.to_thread(put, [b"one", b"theirs"], 9)
    assert minio.objects(WORKER).head(layout.VERSIONS, KEY) is None
    await asyncio.to_thread(put, [b"one", b"others"], 9)
    assert minio.objects(WORKER).get(layout.VERSIONS, KEY) == b"oneothers"
    minio.objects(WORKER).purge(layout.VERSIONS, KEY)
