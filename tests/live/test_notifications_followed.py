"""Notifications as a socket is told them: woken by events alone, kept alive by beats, and told when a month goes."""

import asyncio
import time
from datetime import datetime
from typing import Any

import pytest

from appliance.live import notifications_api
from appliance.live.doorbell import LOOK_SECONDS, Doorbell, Listener
from appliance.live.notifications import Notice, parse, sources
from appliance.live.progress import Progress, Teller
from tests.ledger.book import Book
from tests.live.followers import ringing, running, until
from tests.live.noticed import TOM, drop, events, slot, told_after


async def _heard(listener: Listener, into: list[Any]) -> None:
    async for one in notifications_api.follow(TOM, (await sources(TOM)).head, listener):
        into.append(one)


async def test_progress_neither_wakes_nor_is_gathered(book: Book, valkey_url: str) -> None:
    doorbell, listener, teller = Doorbell(valkey_url), Listener(valkey_url), Teller(valkey_url)
    ringing(book, doorbell)
    asset, stream, told = await slot(book), await book.stream(), list[Any]()
    async with running(doorbell, listener, teller), listener.watch(stream) as other:
        following = asyncio.create_task(_heard(listener, told))
        await until(lambda: _true(len(listener._watched[stream]) == 2))
        [woken] = listener._watched[stream] - {other}
        await until(lambda: _true(stream in listener._heads and not woken.is_set()))  # nothing is new to it
        for percent in range(20):
            teller.tell(stream, asset, Progress("fetch", float(percent)))
            await asyncio.sleep(0.01)
            assert not woken.is_set()
        await until(lambda: _true(bool(other.progress)))
        assert not getattr(woken, "progress", None)
        assert not told
        await slot(book)
        await until(lambda: _true(len(told) == 1), 1)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        assert listener._watched[stream] == {other}


async def test_who_is_told_nothing_gets_a_beat_however_much_others_are(
    book: Book, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifications_api, "BEAT_SECONDS", 0.5)
    doorbell, listener, told = Doorbell(valkey_url), Listener(valkey_url), list[Any]()
    ringing(book, doorbell)
    await slot(book)
    async with running(doorbell, listener):
        began = time.monotonic()
        following = asyncio.create_task(_heard(listener, told))
        for _ in range(25):
            await book.slot()
            await asyncio.sleep(0.1)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        took = time.monotonic() - began
    assert 3 <= len(told) <= took / 0.5
    assert {one["type"] for one in told} == {"beat"}


async def test_a_reader_that_is_there_while_a_month_goes_loses_nothing_that_it_has_read(
    book: Book, valkey_url: str, month: datetime
) -> None:
    stream, listener, told = await book.stream(), Listener(valkey_url), list[Any]()
    await events(stream, 2, TOM, month)
    async with running(listener):
        following = asyncio.create_task(_heard(listener, told))
        await until(lambda: _true(bool(listener._watched)))
        await drop()
        await events(stream, 1, TOM)
        await until(lambda: _true(bool(told)), LOOK_SECONDS + 10)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
    assert [one.event.seq for one in told if isinstance(one, Notice)] == [3]
    assert len(told) == 1


async def test_a_reader_that_is_behind_while_a_month_goes_is_told_so(
    book: Book, valkey_url: str, month: datetime
) -> None:
    stream, empty = await book.stream(), (await sources(TOM)).head
    await events(stream, notifications_api.PAGE + 1, TOM, month)
    told = notifications_api.follow(TOM, empty, Listener(valkey_url))
    seqs = [one.event.seq for _ in range(notifications_api.PAGE) if isinstance(one := await anext(told), Notice)]
    assert seqs == list(range(1, notifications_api.PAGE + 1))
    await drop()
    reset = await anext(told)
    assert not isinstance(reset, Notice)
    assert reset["type"] == "reset"
    await events(stream, 1, TOM)
    assert (await told_after(parse(reset["cursor"])))[0] == [(notifications_api.PAGE + 2, "state")]
    await told.aclose()


async def _true(that: bool) -> bool:
    return that
