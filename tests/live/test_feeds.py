"""One reader of a stream for all who listen to it: read once, told to each from its cursor on, held up by nobody."""

import asyncio
from collections.abc import AsyncIterator, Collection

import pytest

from appliance.accounts.whose import Whose
from appliance.errors import NotFound, Unavailable
from appliance.live.cursor import Bounds
from appliance.live.doorbell import Doorbell, Listener
from appliance.live.feed import MOST_KEPT, Reader
from appliance.live.feeds import Feeds
from appliance.live.following import Page
from appliance.live.frames import Frame
from appliance.live.service import PAGE, bounds
from tests.ledger.book import PROJECT, Book
from tests.live.followers import TELLING, Follower, ringing, running, until
from tests.live.serving import large_events

ANNA, BEN = "anna", "ben"


class Counting:
    """Tells a stream, counts the pages, and knows who may be told."""

    key = "counting"

    def __init__(self) -> None:
        self.pages = 0
        self.members = {ANNA, BEN}
        self.broken: Exception | None = None

    async def frames(self, page: Page) -> list[Frame]:
        self.pages += bool(page.events)
        if self.broken:
            raise self.broken
        return await TELLING.frames(page)

    async def staying(self, people: Collection[str]) -> Collection[str]:
        return self.members & set(people)


@pytest.fixture
def doorbell(book: Book, valkey_url: str) -> Doorbell:
    made = Doorbell(valkey_url)
    ringing(book, made)
    return made


@pytest.fixture
async def listener(doorbell: Doorbell, valkey_url: str) -> AsyncIterator[Listener]:
    made = Listener(valkey_url)
    async with running(doorbell, made):
        yield made


async def here() -> Bounds:
    return await bounds(Whose("projects", PROJECT))


async def many(book: Book, doorbell: Doorbell, count: int) -> int:
    """So many events at once; the number of the last."""
    stream = await book.stream()
    await large_events(stream, count, 10)
    head = await book.head()
    doorbell.ring([(stream, head)])
    return head


async def taken(reader: Reader, upto: int) -> list[int]:
    """The numbers that it is told until it is told of `upto`."""
    seen: list[int] = []
    async with asyncio.timeout(15):
        async for frames in reader.pages():
            seen += [frame.seq for frame in frames]
            if seen and seen[-1] >= upto:
                break
    return seen


async def test_a_page_is_read_once_for_all(book: Book, listener: Listener) -> None:
    feeds, telling = Feeds(listener), Counting()
    followers = [Follower(feeds, telling=telling, who=ANNA) for _ in range(50)]
    for number in range(1, 6):
        await book.slot()
        await asyncio.gather(*(follower.reaches(number) for follower in followers))
    for follower in followers:
        assert follower.seen == [1, 2, 3, 4, 5]
    assert telling.pages == 5
    assert feeds.readers == 50
    for follower in followers:
        await follower.close()
    await until(lambda: _forgotten(feeds, listener))


async def _forgotten(feeds: Feeds, listener: Listener) -> bool:
    return not feeds._feeds and not listener._watched and not feeds.readers


async def test_readers_at_any_cursor_are_told_all_that_comes_after_it(book: Book, listener: Listener) -> None:
    feeds = Feeds(listener)
    await large_events(await book.stream(), 350, 10)
    cursors = (350, 349, 300, 120, 0)
    followers = [Follower(feeds, cursor) for cursor in cursors]
    await asyncio.gather(*(follower.reaches(350) for follower in followers[1:]))
    await book.slot()
    for follower, cursor in zip(followers, cursors, strict=True):
        await follower.reaches(351)
        assert follower.seen == list(range(cursor + 1, 352))
        await follower.close()


async def test_who_does_not_take_what_there_is_holds_up_nobody_and_misses_nothing(
    book: Book, doorbell: Doorbell, listener: Listener
) -> None:
    feeds, last = Feeds(listener), 3 * MOST_KEPT
    async with feeds.reading(await here(), 0, TELLING) as slow:
        quick = Follower(feeds)
        for _ in range(30):
            await quick.reaches(await many(book, doorbell, last // 30))
        [feed] = feeds._feeds.values()
        assert len(feed.since(feed.low)) <= MOST_KEPT
        assert feed.low >= last - MOST_KEPT
        assert await taken(slow, last) == list(range(1, last + 1))
        await book.slot()
        assert await taken(slow, last + 1) == [last + 1]
        await quick.close()


async def test_a_crowd_that_takes_its_time_is_not_left_to_read_by_itself(
    book: Book, doorbell: Doorbell, listener: Listener
) -> None:
    feeds, telling = Feeds(listener), Counting()
    crowd = [Follower(feeds, telling=telling, who=ANNA, pause=0.2) for _ in range(20)]
    await until(lambda: _listening(feeds, 20))
    last = await many(book, doorbell, 4 * MOST_KEPT)
    await asyncio.gather(*(follower.reaches(last) for follower in crowd))
    for follower in crowd:
        assert follower.seen == list(range(1, last + 1))
        await follower.close()
    assert telling.pages <= last // PAGE + 2


async def _listening(feeds: Feeds, count: int) -> bool:
    return feeds.readers == count


async def test_a_crowd_that_comes_back_behind_others_reads_its_pages_together(book: Book, listener: Listener) -> None:
    """Each from where it was; one who has missed nothing is there already."""
    feeds, telling = Feeds(listener), Counting()
    await large_events(await book.stream(), 250, 10)
    fresh = Follower(feeds, 250, telling=telling, who=ANNA)
    await until(lambda: _listening(feeds, 1))
    cursors = [number % 60 for number in range(100)]
    crowd = [Follower(feeds, cursor, telling=telling, who=ANNA) for cursor in cursors]
    await asyncio.gather(*(follower.reaches(250) for follower in crowd))
    assert telling.pages <= 6, "of three pages that are read, and what is shared"
    await book.slot()
    for follower, cursor in zip(crowd, cursors, strict=True):
        await follower.reaches(251)
        assert follower.seen == list(range(cursor + 1, 252))
        await follower.close()
    await fresh.close()


async def test_who_may_be_told_nothing_more_is_told_nothing_more(
    book: Book, doorbell: Doorbell, listener: Listener
) -> None:
    feeds, telling = Feeds(listener), Counting()
    async with feeds.reading(await here(), 0, telling, BEN) as ben:
        anna = Follower(feeds, telling=telling, who=ANNA)
        await book.slot()
        await anna.reaches(1)
        assert await taken(ben, 1) == [1]
        telling.members = {ANNA}
        await book.slot()
        await anna.reaches(2)
        with pytest.raises(NotFound):
            await taken(ben, 2)
    async with feeds.reading(await here(), 0, telling, BEN) as behind:
        await anna.reaches(await many(book, doorbell, MOST_KEPT + 1))
        with pytest.raises(NotFound):
            await taken(behind, 1)
    await anna.close()


async def test_what_can_not_be_told_now_is_told_later(book: Book, listener: Listener) -> None:
    feeds, telling = Feeds(listener), Counting()
    telling.broken = Unavailable()
    follower = Follower(feeds, telling=telling, who=ANNA)
    for _ in range(3):
        await book.slot()
    await until(lambda: _tried(telling, 2))
    assert follower.seen == []
    telling.broken = None
    await follower.reaches(3)
    assert follower.seen == [1, 2, 3]
    await follower.close()


async def _tried(telling: Counting, times: int) -> bool:
    return telling.pages >= times


async def test_a_fault_lets_all_go_and_who_comes_back_is_told(book: Book, listener: Listener) -> None:
    feeds, telling = Feeds(listener), Counting()
    async with feeds.reading(await here(), 0, telling, ANNA) as reader:
        telling.broken = ValueError("a fault")
        await book.slot()
        with pytest.raises(ValueError, match="a fault"):
            await taken(reader, 1)
        telling.broken = None
        async with feeds.reading(await here(), reader.after, telling, ANNA) as again:
            assert await taken(again, 1) == [1]
    await until(lambda: _forgotten(feeds, listener))
