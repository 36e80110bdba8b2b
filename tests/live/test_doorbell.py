"""The doorbell wakes readers at once, and losing it costs seconds, never an event."""

import asyncio
import time

from appliance.live.doorbell import CHANNEL, LOOK_SECONDS, Doorbell, Listener
from appliance.live.feeds import Feeds
from tests.daemons.valkey import Valkey
from tests.ledger.book import Book
from tests.live.followers import Follower, ringing, running, until, wait_for_ring

LONG = LOOK_SECONDS * 0.7  # a ring is heard long before the next look would be over


async def test_a_ring_wakes_who_watches_this_stream_and_nobody_else(valkey_url: str, book: Book) -> None:
    doorbell, listener = Doorbell(valkey_url), Listener(valkey_url)
    watched = (listener.watch(71), listener.watch(71), listener.watch(72))
    async with running(doorbell, listener), watched[0] as mine, watched[1] as too, watched[2] as other:
        await wait_for_ring(listener, doorbell)
        doorbell.ring([(71, 1), (73, 9)])
        async with asyncio.timeout(LONG):
            await asyncio.gather(mine.wait(), too.wait())
        assert not other.is_set()
        mine.clear()
        doorbell.ring([(71, 1)])  # nothing new
        await asyncio.sleep(0.3)
        assert not mine.is_set()


async def test_a_process_hears_another_one(valkey_url: str, book: Book) -> None:
    """The doorbell of one process, listeners of two: an event costs its readers milliseconds."""
    doorbell, listeners = Doorbell(valkey_url), [Listener(valkey_url) for _ in range(2)]
    ringing(book, doorbell)
    async with running(doorbell, *listeners):
        followers = [Follower(Feeds(listener)) for listener in listeners]
        for listener in listeners:
            await wait_for_ring(listener, doorbell)
        started = time.monotonic()
        await book.slot()
        await asyncio.gather(*(follower.reaches(1) for follower in followers))
        assert time.monotonic() - started < LONG
        for follower in followers:
            await follower.close()


async def test_a_lost_ring_is_found_by_looking(valkey_url: str, book: Book) -> None:
    listener = Listener(valkey_url)
    async with running(listener):
        follower = Follower(Feeds(listener))
        await book.slot()  # its ledger rings nothing that anybody hears
        await follower.reaches(1, LOOK_SECONDS + 10)
        assert follower.seen == [1]
        await follower.close()


async def test_events_go_on_while_valkey_is_away_and_rings_after_it_is_back(
    valkey: Valkey, valkey_url: str, book: Book
) -> None:
    doorbell, listener = Doorbell(valkey_url), Listener(valkey_url)
    ringing(book, doorbell)
    async with running(doorbell, listener):
        follower = Follower(Feeds(listener))
        await wait_for_ring(listener, doorbell)
        valkey.daemon.kill()
        try:
            for _ in range(3):
                await book.slot()
            await follower.reaches(3, LOOK_SECONDS + 10)
        finally:
            valkey.daemon.start()
        async with asyncio.timeout(15):
            await wait_for_ring(listener, doorbell)
        await book.slot()
        started = time.monotonic()
        await follower.reaches(4)
        assert time.monotonic() - started < LONG
        assert follower.seen == [1, 2, 3, 4]
        await follower.close()


async def test_nonsense_on_the_channel_stops_nobody(valkey: Valkey, valkey_url: str, book: Book) -> None:
    doorbell, listener = Doorbell(valkey_url), Listener(valkey_url)
    async with running(doorbell, listener):
        await wait_for_ring(listener, doorbell)
        for nonsense in (b"", b"\xff\xff", b"nonsense"):
            valkey.client().publish(CHANNEL, nonsense)
        await asyncio.sleep(0.2)
        async with asyncio.timeout(10):
            await wait_for_ring(listener, doorbell)


async def test_what_the_ledger_throws_at_a_look_stops_nobody(valkey_url: str, book: Book) -> None:
    """Here a table that is missing for a moment, as in a restore."""
    from appliance.ledger.database import fetch

    listener = Listener(valkey_url)
    async with running(listener), listener.watch(await book.stream()) as woken:
        await until(lambda: _set(woken))
        await fetch("ALTER TABLE ledger.streams RENAME TO away")
        try:
            await asyncio.sleep(LOOK_SECONDS + 0.5)
        finally:
            await fetch("ALTER TABLE ledger.away RENAME TO streams")
        woken.clear()
        await book.slot()
        await until(lambda: _set(woken), LOOK_SECONDS + 10)
        assert woken.is_set()


async def test_who_left_is_forgotten(valkey_url: str) -> None:
    listener = Listener(valkey_url)
    for stream in range(100):
        async with listener.watch(stream):
            listener._heard({stream: 5})
    assert not listener._watched
    assert not listener._heads


async def _set(event: asyncio.Event) -> bool:
    return event.is_set()
