"""Following a stream: every event once, in order, whatever goes on beside it."""

import asyncio
import random
import time
from uuid import UUID

import pytest

from appliance.accounts.whose import Whose
from appliance.live import feed, following
from appliance.live.doorbell import Doorbell, Listener
from appliance.live.feeds import Feeds
from appliance.live.following import follow
from appliance.live.frames import Frame
from appliance.live.progress import Progress, Teller
from appliance.live.service import PAGE, bounds, events
from tests.daemons.postgres import Postgres
from tests.ledger.book import PROJECT, Book
from tests.live.followers import TELLING, Follower, ringing, running, until, wait_for_ring


async def _write(book: Book, dice: random.Random, rounds: int) -> None:
    """Photos that come, some in batches, and go."""
    for _ in range(rounds):
        slots = [await book.slot() for _ in range(dice.randint(1, 4))]
        await book.ledger.arrive("originals", [book.bytes(slot) for slot in slots])
        if dice.random() < 0.3:
            await book.ledger.remove(slots)


async def test_every_event_once_and_in_order_while_others_write(valkey_url: str, book: Book) -> None:
    doorbell, listener = Doorbell(valkey_url), Listener(valkey_url)
    ringing(book, doorbell)
    feeds = Feeds(listener)
    async with running(doorbell, listener):
        followers = [Follower(feeds) for _ in range(5)]
        writers = [asyncio.create_task(_write(book, random.Random(n), 12)) for n in range(8)]
        await asyncio.sleep(0.1)
        late = (await bounds(Whose("projects", PROJECT))).head
        followers += [Follower(feeds, late) for _ in range(5)]
        await asyncio.gather(*writers)
        head = await book.head()
        for follower in followers:
            await follower.reaches(head)
            await follower.close()
    assert head > 200
    for number, follower in enumerate(followers):
        assert follower.seen == list(range((0 if number < 5 else late) + 1, head + 1))


async def test_who_was_away_gets_all_of_it_a_page_at_a_time(valkey_url: str, book: Book) -> None:
    slots = [await book.slot() for _ in range(PAGE + 30)]
    await book.ledger.arrive("originals", [book.bytes(slot) for slot in slots])
    pages = []
    async for page in follow(Listener(valkey_url), await book.stream(), 10):
        pages.append([event.seq for event in page.events])
        if len(page.events) < PAGE:
            break
    assert [seq for page in pages for seq in page] == list(range(11, 2 * (PAGE + 30) + 1))
    assert max(map(len, pages)) == PAGE


async def test_a_crowd_of_events_is_read_at_once_and_the_first_of_it_without_waiting(
    valkey_url: str, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "APART_SECONDS", 1.0)
    doorbell, listener = Doorbell(valkey_url), Listener(valkey_url)
    ringing(book, doorbell)
    pages: asyncio.Queue[list[int]] = asyncio.Queue()

    async def read(stream: int) -> None:
        async for page in follow(listener, stream, 0):
            pages.put_nowait([event.seq for event in page.events])

    async with running(doorbell, listener):
        reading = asyncio.create_task(read(await book.stream()))
        await asyncio.sleep(1.1)
        await book.slot()
        assert await pages.get() == [1]
        for _ in range(10):
            await book.slot()
        assert await pages.get() == list(range(2, 12))
        reading.cancel()


async def test_who_follows_one_asset_gets_a_beat_however_busy_the_others_are(
    valkey_url: str, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "BEAT_SECONDS", 0.5)
    doorbell, listener, teller = Doorbell(valkey_url), Listener(valkey_url), Teller(valkey_url)
    ringing(book, doorbell)
    stream, mine, pages = await book.stream(), await book.slot(), list[list[Frame]]()
    here = await bounds(Whose("projects", PROJECT))

    after: list[int] = []

    async def read() -> None:
        async with Feeds(listener).reading(here, 1, TELLING) as reader:
            async for page in reader.pages(mine):
                pages.append(page)
                after.append(reader.after)

    async with running(doorbell, listener, teller):
        await wait_for_ring(listener, doorbell)
        began = time.monotonic()
        reading = asyncio.create_task(read())
        for _ in range(25):
            teller.tell(stream, await book.slot(), Progress("fetch", 1.0))
            await asyncio.sleep(0.1)
        assert 3 <= len(pages) <= (time.monotonic() - began) / 0.5
        assert not any(pages)
        assert 1 < after[0] < after[-1], "how far the stream was looked at"
        await book.ledger.arrive("originals", [book.bytes(mine)])
        teller.tell(stream, mine, Progress("fetch", 2.0))
        await until(lambda: _told(pages, mine))
        reading.cancel()
    assert [frame.asset for page in pages for frame in page if frame.seq] == [mine]


async def _told(pages: list[list[Frame]], asset: UUID) -> bool:
    """Both, the event and the progress."""
    return {bool(frame.seq) for page in pages for frame in page if frame.asset == asset} == {True, False}


async def test_an_event_tells_its_asset_its_owner_and_what_is_left_of_it(book: Book) -> None:
    claim = await book.claimed()
    await book.finish(claim)
    [*_, done] = await events(await book.stream(), 0)
    assert (done.asset, done.owner, done.state, done.now) == (claim.id, PROJECT, "done", "done")
    assert done.facts["versions"][0]["name"] == "thumb"
    assert done.version_id == claim.version_id
    await book.ledger.remove([claim.id])
    [*_, done, gone] = await events(await book.stream(), 0)
    assert (done.state, done.now, gone.type) == ("done", "deleting", "deleted")


async def test_a_postgres_that_restarts_only_delays(postgres: Postgres, valkey_url: str, book: Book) -> None:
    doorbell, listener = Doorbell(valkey_url), Listener(valkey_url)
    ringing(book, doorbell)
    async with running(doorbell, listener):
        follower = Follower(Feeds(listener))
        await book.slot()
        await follower.reaches(1)
        postgres.daemon.kill()
        await asyncio.sleep(0.3)
        await asyncio.to_thread(postgres.daemon.start)
        await book.slot()
        await follower.reaches(2)
        assert follower.seen == [1, 2]
        await follower.close()
