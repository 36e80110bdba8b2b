"""The operator's board over a real ledger: what it finds wrong, who does what, what failed, and who is away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import Redis

from appliance import recent
from appliance.accounts.whose import Whose
from appliance.beat import BEATING, beat, beats
from appliance.board import failed, glance, lanes, search, workers
from appliance.board.failed import Which
from appliance.board.live import Board, News
from appliance.board.sources import Sources
from appliance.config import Config
from appliance.errors import Conflict, NotFound
from appliance.ledger.database import fetch
from appliance.ledger.service import CANCELLED, Failure
from appliance.live.progress import KEY, Progress, encode
from appliance.logs import _renderer
from appliance.profiles import pages
from appliance.settings.reading import Reader
from appliance.valkey import quick
from tests.daemons.process import free_port
from tests.ledger.book import FAILURE, PROJECT, Book, age
from tests.ledger.intake import Intake, until

OURS = Failure("processing_failed", "It could not be processed.", "operator")
OF_OTHERS = Config(storage_bucket="theirs")  # where nobody is expected to look after storage


@pytest.fixture
async def redis(intake: Intake) -> AsyncIterator[Redis]:
    client = quick(intake.url)
    yield client
    await client.aclose()


@asynccontextmanager
async def beating(redis: Redis, part: str, **told: Any) -> AsyncIterator[None]:
    """The beat of a part, while the block runs; it is killed at its end, and so says no good-bye."""
    task = asyncio.create_task(beat(redis, part, lambda: told))

    async def heard() -> bool:
        return bool(await redis.zscore(BEATING, part))

    await until(heard)
    known = await redis.zscore(BEATING, part)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await redis.zadd(BEATING, {part: known})


async def _found(sources: Sources) -> dict[str, glance.Finding]:
    return {one.code: one for one in (await glance.look(sources)).findings}


async def _failed(book: Book, failure: Failure) -> UUID:
    claim = await book.claimed()
    await book.ledger.fail(claim, failure)
    return claim.id


async def test_all_is_well_is_said_and_so_is_what_is_not(intake: Intake, redis: Redis) -> None:
    book, sources = intake.book, Sources(redis, intake.objects, OF_OTHERS)
    well = await glance.look(sources)
    assert (well.well, well.says, well.findings) == (True, "All is well.", [])
    ours, theirs, old = await _failed(book, OURS), await _failed(book, FAILURE), await _failed(book, CANCELLED)
    await age(await book.uploaded(), 7000)
    await age(await book.slot(), 900)
    await fetch("UPDATE ledger.assets SET check_at = now() - interval '20 minutes' WHERE state = 'init'")
    told = await glance.look(sources)
    found = {one.code if one.code != "failed" else one.about["code"]: one for one in told.findings}
    assert set(found) == {"no_worker", "sweep_behind", OURS.code, FAILURE.code}
    assert [one.severity for one in told.findings] == ["act", "act", "act", "watch"]
    assert (told.well, told.says) == (False, "3 things to do, 1 to know.")
    assert "./ops/retry --code processing_failed" in found[OURS.code].remedy
    assert found[OURS.code].since == (await book.row(ours))["changed_at"]
    assert found["no_worker"].about == {"lane": "images"}
    await age(theirs, 2 * 86_400)
    assert FAILURE.code not in {one.about.get("code") for one in (await glance.look(sources)).findings}
    assert old


async def test_a_lane_that_is_paused_is_told_of_and_not_called_slow(intake: Intake, redis: Redis) -> None:
    await age(await intake.book.uploaded(), 7000)
    async with beating(redis, "worker-images-1", lane="images"):
        assert "backlog" in await _found(Sources(redis, intake.objects, OF_OTHERS))
        paused = await _found(Sources(redis, intake.objects, Config(storage_bucket="theirs", images_paused=True)))
    assert set(paused) == {"lane_paused"}
    await fetch("UPDATE ledger.assets SET lane = 'backfill'")
    async with beating(redis, "worker-backfill-1", lane="backfill"):
        assert not await _found(Sources(redis, intake.objects, OF_OTHERS)), "a library waits for the night"
    assert paused["lane_paused"].severity == "watch"
    assert "images_paused false" in paused["lane_paused"].remedy


async def test_it_is_told_since_when_and_that_ends_with_it(intake: Intake, redis: Redis) -> None:
    sources = Sources(redis, intake.objects, Config(storage_bucket="theirs", media_paused=True))
    first = (await _found(sources))["lane_paused"].since
    await asyncio.sleep(1.1)
    assert (await _found(sources))["lane_paused"].since == first
    assert not await _found(Sources(redis, intake.objects, OF_OTHERS))
    again = (await _found(sources))["lane_paused"].since
    assert again is not None
    assert first is not None
    assert again > first


async def test_a_part_that_was_killed_is_missed_and_one_that_was_ended_is_not(intake: Intake, redis: Redis) -> None:
    sources = Sources(redis, intake.objects, OF_OTHERS)
    async with beating(redis, "intake", clocks="This host's clock is 40 s ahead of storage"), beating(redis, "api-7"):
        assert set(await _found(sources)) == {"clocks_apart"}
    await redis.delete("darkroom:health:intake", "darkroom:health:api-7")
    silent = (await _found(sources))["part_silent"]
    assert silent.about == {"part": "intake"}
    task = asyncio.create_task(beat(redis, "intake"))

    async def well() -> bool:
        return not await _found(sources)

    await until(well)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await redis.delete("darkroom:health:intake")
    assert await _found(sources) == {}


async def test_who_is_away_is_a_finding_and_the_others_are_asked_all_the_same(
    intake: Intake, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = quick(f"redis://127.0.0.1:{free_port()}")
    await _failed(intake.book, OURS)
    told = await glance.look(Sources(nobody, intake.objects, OF_OTHERS))
    assert [(one.code, one.about) for one in told.findings] == [
        ("source_away", {"source": "valkey"}),
        ("failed", {"code": OURS.code, "fixer": "operator"}),
    ]
    intake.minio.daemon.kill()
    try:
        found = await _found(Sources(redis, intake.objects, OF_OTHERS))
        assert found["source_away"].about == {"source": "storage"}
    finally:
        await asyncio.to_thread(intake.minio.daemon.start)


async def test_each_worker_and_what_it_does_now(intake: Intake, redis: Redis) -> None:
    book = intake.book
    await fetch("SET application_name = 'worker-images-2@east'")
    claim = await book.claimed()
    await fetch("UPDATE ledger.attempts SET worker = 'worker-images-2@east'")
    await redis.set(f"{KEY}{claim.id}", encode(Progress("encode", 40.0, 12.0)))
    sandbox = {"strong": True, "layers": ["landlock"], "missing": {"cgroup": "not allowed"}}
    last = [(str(claim.id), "done", 1_700_000_000.0, 31)]
    gauges = {"jobs_at_once": 3, "jobs_under_way": 1}
    told = {"lane": "images", "sandbox": sandbox, "last": last, "gauges": gauges}
    async with beating(redis, "worker-images-2@east", **told), beating(redis, "intake"):
        staff = await workers.listed(redis, await beats(redis))
        listed = {lane.lane: lane for lane in await lanes.listed(Config(images_at_once=3), await beats(redis))}
    (worker,), (part,) = staff.workers, staff.parts
    assert (worker.name, worker.host, worker.lane, worker.alive) == ("worker-images-2@east", "east", "images", True)
    assert (worker.at_once, worker.under_way, part.name) == (3, 1, "intake")
    (doing,) = worker.doing
    assert (doing.asset_id, doing.filename, doing.attempt) == (str(claim.id), "a.jpg", 1)
    assert (doing.step, doing.percent, doing.left_seconds) == ("encode", 40.0, 12.0)
    assert worker.sandbox is not None
    assert worker.sandbox.missing == {"cgroup": "not allowed"}
    assert [(one.outcome, one.milliseconds) for one in worker.last] == [("done", 31)]
    lane = listed["images"]
    assert (lane.under_way, lane.workers, lane.at_once, lane.wished) == (1, 1, 3, 3)
    await redis.delete("darkroom:health:worker-images-2@east")
    (gone,) = (await workers.listed(redis, await beats(redis))).workers
    assert (gone.alive, gone.lane, gone.pid) == (False, "images", None)


async def test_what_failed_is_listed_by_pages_the_newest_failure_first(book: Book) -> None:
    ids = [await _failed(book, failure) for failure in (OURS, FAILURE, FAILURE, OURS)]
    cancelled = await _failed(book, CANCELLED)
    await age(ids[3], 3600)
    wanted, found, cursor = [ids[2], ids[1], ids[0], ids[3]], [], pages.LAST
    while rows := await failed.page(Which(), cursor, 3):
        found += [row["id"] for row in rows]
        cursor = (rows[-1]["failed_at"], rows[-1]["id"])
    assert found == wanted

    async def of(**which: Any) -> list[UUID]:
        return [row["id"] for row in await failed.page(Which(**which), pages.LAST, 50)]

    assert await of(code=OURS.code) == [ids[0], ids[3]]
    assert await of(code="cancelled") == [cancelled]
    assert await of(lane="images", kind="image", owner=Whose("projects", PROJECT)) == wanted
    for other in ({"lane": "media"}, {"kind": "video"}, {"owner": Whose("users", PROJECT)}):
        assert await of(**other) == []
    (one,) = await failed.shown(await failed.page(Which(OURS.code), pages.LAST, 1), None)
    assert (one.fixer, one.message, one.with_file, one.size) == ("operator", OURS.message, True, 4_000_000)
    told = await failed.reasons()
    assert (told.failed, {(r.code, r.failed) for r in told.reasons}) == (4, {(OURS.code, 2), (FAILURE.code, 2)})


async def test_one_or_all_of_a_kind_are_tried_again(book: Book) -> None:
    ids = [await _failed(book, failure) for failure in (OURS, FAILURE, FAILURE)]
    assert (await failed.retry_one(book.ledger, ids[0])).by_code == {OURS.code: 1}
    for unfit in (ids[0], await book.slot()):
        with pytest.raises(Conflict):
            await failed.retry_one(book.ledger, unfit)
    gone = await book.asset_in("deleted")
    for unknown in (gone, UUID(int=5)):
        with pytest.raises(NotFound):
            await failed.retry_one(book.ledger, unknown)
    assert (await failed.retry_all(book.ledger, Which(lane="media"))).by_code.total() == 0
    assert (await failed.retry_all(book.ledger, Which(kind="image"))).by_code == {FAILURE.code: 2}
    assert {await book.state(asset) for asset in ids} == {"uploaded"}


async def test_an_id_is_found_whatever_it_is_and_lines_that_name_it(intake: Intake, redis: Redis) -> None:
    asset = str(await intake.book.slot())
    render = _renderer("text")
    for level in ("info", "warning", "error"):
        event = {"level": level, "event": "something", "asset": asset, "timestamp": "2026-01-01T00:00:00Z"}
        render(None, level, event | {"url": "https://a/?X-Amz-Signature=abcdef"})

    async def found(q: str) -> dict[str, str | None]:
        return {one.what: one.state for one in (await search.search(redis, Config(), q)).found}

    async with beating(redis, "worker-images-1@east"):
        assert await found("worker-images-1") == await found("worker-images-1@east") == {"worker": "alive"}
        kept = await search.lines(redis, asset)
    assert [line.level for line in kept.lines] == ["error", "warning"]
    assert {line.part for line in kept.lines} == {"worker-images-1@east"}
    assert "abcdef" not in str(kept.lines)
    assert len((await search.lines(redis, asset, level="error", limit=1)).lines) == 1
    assert await found(asset) == {"asset": "init"}
    assert await found(PROJECT) == {"project": None}
    assert await found("images_paused") == await found("DARKROOM_IMAGES_PAUSED") == {"setting": None}
    assert await found("nothing of this name") == {}


async def test_lines_of_a_flood_are_bounded_and_kept_while_valkey_is_away(redis: Redis) -> None:
    for number in range(recent.PENDING + 50):
        recent.keep("warning", "now", "flood", f"line {number} " + "x" * 9000)
    with pytest.raises((OSError, Exception)):
        await recent.publish(quick(f"redis://127.0.0.1:{free_port()}"), "a")
    await recent.publish(redis, "a")
    kept = await recent.lines(redis)
    assert len(kept) == recent.PENDING
    assert kept[0]["line"].startswith(f"line {recent.PENDING + 49} ")
    assert max(len(one["line"]) for one in kept) < recent.LONGEST + 10


async def _news(board: Board, wanted: str) -> News:
    """The first that has this section."""
    async with board.reading() as reader, asyncio.timeout(20):
        while True:
            news = await reader.news()
            if wanted in news.sections or (wanted == "failures" and news.failed) or (wanted == "away" and news.away):
                return news
    raise AssertionError


async def test_the_board_tells_all_at_first_then_what_changed_and_who_is_away(
    intake: Intake, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.board.live.EVERY_SECONDS", 0.1)
    monkeypatch.setattr("appliance.board.live.SHARE", 1)
    book, settings = intake.book, Reader(OF_OTHERS, redis)
    await _failed(book, OURS)
    board = Board(Sources(redis, intake.objects, settings), settings)
    async with board.reading() as other, asyncio.timeout(30):
        assert set((await other.news()).sections) == {"glance", "lanes", "workers", "parts", "failed", "settings"}
        asset = await book.uploaded()
        changed = await other.news()
        while "lanes" not in changed.sections:
            changed = await other.news()
        assert "settings" not in changed.sections
        lane = next(lane for lane in changed.sections["lanes"] if lane.lane == "images")
        assert (lane.waiting, lane.oldest_since) == (1, (await book.row(asset))["uploaded_at"])
        assert set((await _news(board, "glance")).sections) > {"settings"}, "who comes later is told all"
        watching = asyncio.create_task(_news(board, "failures"))
        claim = await book.ledger.claim(asset, 30)
        assert claim is not None
        await book.ledger.fail(claim, FAILURE)
        assert [one.asset_id for one in (await watching).failed] == [str(asset)]
        assert board.readers == 1
        await fetch("ALTER TABLE ledger.assets RENAME TO elsewhere")
        try:
            assert (await _news(board, "away")).away
        finally:
            await fetch("ALTER TABLE ledger.elsewhere RENAME TO assets")
        assert (await _news(board, "glance")).away == ""
    assert board.readers == 0


async def test_a_board_that_nobody_watches_looks_at_nothing(
    intake: Intake, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.board.live.EVERY_SECONDS", 0.05)
    settings = Reader(OF_OTHERS, redis)
    board = Board(Sources(redis, intake.objects, settings), settings)
    async with board.reading() as reader:
        await reader.news()
    asked = int(intake.valkey.info("commandstats").get("cmdstat_zrange", {}).get("calls", 0))
    await asyncio.sleep(0.3)
    assert int(intake.valkey.info("commandstats").get("cmdstat_zrange", {}).get("calls", 0)) == asked
