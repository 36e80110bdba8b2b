"""How far the work on a file is, for who asks: known for as long as somebody is at it, however seldom there is news."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from redis.asyncio import Redis

from appliance.config import Config
from appliance.files import attempts
from appliance.files.media import Media
from appliance.ledger.database import fetch
from appliance.ledger.service import Claim
from appliance.live import progress
from appliance.live.progress import CHANNEL, Progress, Teller, last_told
from processors.sandbox.sandbox import Sandbox
from storage.objects import Objects
from tests.daemons.minio import WORKER
from tests.ledger.book import Book
from tests.live.followers import running, until

LAST = Progress("transcode", 60.0, 12.0)
CONFIG = Config(data=Path("/nonexistent"), lease_seconds=1)


class Quiet(Media):
    """Has one thing to tell, and then for `seconds` nothing, as who stores something large."""

    seconds = 3.5

    async def _worked(self, claim: Claim) -> None:
        self._teller.tell(claim.home, claim.id, LAST)
        await asyncio.sleep(self.seconds)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A minute takes two seconds: several times as long as it takes until a lease is renewed."""
    monkeypatch.setattr(progress, "KEPT_SECONDS", 2)
    monkeypatch.setattr(progress, "GUESSED_SECONDS", 1.0)


@pytest.fixture
async def teller(valkey_url: str) -> AsyncIterator[Teller]:
    made = Teller(valkey_url)
    async with running(made):
        yield made


@pytest.fixture
async def redis(valkey_url: str) -> AsyncIterator[Redis]:
    made = Redis.from_url(valkey_url)
    yield made
    await made.aclose()


@pytest.fixture
def quiet(book: Book, teller: Teller, tmp_path: Path) -> Quiet:
    nowhere = Objects("http://127.0.0.1:1", *WORKER)
    return Quiet(book.ledger, nowhere, Sandbox(), CONFIG, "media", teller, tmp_path / "scratch")


async def test_the_last_word_holds_as_long_as_the_lease_is_kept_and_wakes_nobody_again(
    book: Book, quiet: Quiet, redis: Redis, short: None
) -> None:
    asset, seen = await book.uploaded(), list[Progress | None]()
    async with redis.pubsub(ignore_subscribe_messages=True) as heard:
        await heard.subscribe(CHANNEL)
        working = asyncio.create_task(quiet.develop(asset))
        await until(lambda: _told(redis, asset))
        began = time.monotonic()
        while not working.done():
            seen.append(await last_told(redis, asset))
            await asyncio.sleep(0.05)
        await working
        took = time.monotonic() - began
        messages = 0
        while await heard.get_message(timeout=0.1) is not None:
            messages += 1
    assert {one and (one.step, one.percent) for one in seen} == {(LAST.step, LAST.percent)}
    assert len(seen) > 20
    assert took > progress.KEPT_SECONDS
    assert seen[-1] == Progress(LAST.step, LAST.percent), "nobody knows any more how long it takes"
    assert messages <= 2
    await asyncio.sleep(progress.KEPT_SECONDS + 0.1)
    assert await last_told(redis, asset) is None, "nobody is at it"


async def test_it_comes_again_after_valkey_has_forgotten(book: Book, quiet: Quiet, redis: Redis) -> None:
    asset = await book.uploaded()
    working = asyncio.create_task(quiet.develop(asset))
    await until(lambda: _told(redis, asset))
    await redis.flushall()
    await until(lambda: _told(redis, asset))
    assert not working.done()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def test_who_has_lost_the_lease_says_nothing_of_it_any_more(book: Book, quiet: Quiet, redis: Redis) -> None:
    asset = await book.uploaded()
    working = asyncio.create_task(quiet.develop(asset))
    await until(lambda: _told(redis, asset))
    await fetch("UPDATE ledger.assets SET lease = uuidv7() WHERE id = $1", asset)
    await redis.flushall()
    await working
    assert await last_told(redis, asset) is None


async def test_a_long_lease_is_renewed_before_the_last_word_is_forgotten(
    book: Book, quiet: Quiet, redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "REPEAT_SECONDS", 0.3)
    monkeypatch.setattr(quiet, "_settings", replace(CONFIG, lease_seconds=600))
    asset = await book.uploaded()
    working = asyncio.create_task(quiet.develop(asset))
    await until(lambda: _told(redis, asset))
    await redis.flushall()
    await until(lambda: _told(redis, asset))
    assert not working.done()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


async def _told(redis: Redis, asset: UUID) -> bool:
    return await last_told(redis, asset) == LAST
