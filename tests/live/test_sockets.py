"""Readers that don't read, talk too much, or are too many: each is bounded, told why, and may come back."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from redis import Redis as Valkey
from redis.asyncio import Redis
from websockets.exceptions import ConnectionClosed

from appliance.accounts import keys as server_keys
from appliance.accounts.tickets import Tickets
from appliance.live.places import KEPT_SECONDS
from appliance.live.service import PAGE
from tests.ledger.book import Book
from tests.ledger.intake import until
from tests.live.serving import Api, closed, large_events, told

SEND_SECONDS = 2.0
FORWARDED = "X-Forwarded-For"
Start = Callable[..., Api]


@pytest.fixture
def start(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Start]:
    started: list[Api] = []
    Valkey.from_url(valkey_url).flushall()  # places of a test before, whose API was killed

    def one(**settings: str) -> Api:
        made = Api(database_url, valkey_url, tmp_path, **{"DARKROOM_LIVE_SEND_SECONDS": str(SEND_SECONDS)} | settings)
        started.append(made)
        made.daemon.start()
        return made

    yield one
    for made in started:
        made.daemon.stop()


@pytest.fixture
def api(start: Start) -> Api:
    return start()


@pytest.mark.long
async def test_readers_that_do_not_read_cost_little_are_let_go_and_others_are_served(book: Book, api: Api) -> None:
    await large_events(await book.stream(), 3000)
    async with api.sockets(1, after=3000) as [good]:
        assert (await told(good))["type"] == "hello"
        before = api.resident()
        async with api.sockets(200, after=0, small=True):
            await book.slot()
            assert (await told(good, 10))["seq"] == 3001
            grown = 0

            async def gone() -> bool:
                nonlocal grown
                grown = max(grown, api.resident() - before)
                return await api.holds(1)

            await until(gone, 60)
            await book.slot()
            assert (await told(good, 5))["seq"] == 3002
    assert grown < 200 * (PAGE * 10_000 + 1_500_000), "more than a page of events each"


async def test_a_slow_reader_is_told_so_and_comes_back_to_exactly_what_it_missed(book: Book, start: Start) -> None:
    """It reads again while it is told: in the middle of that, since nobody knows how soon its connection was full."""
    seconds = 2 * SEND_SECONDS
    api = start(DARKROOM_LIVE_SEND_SECONDS=str(seconds))
    await large_events(await book.stream(), 3000)
    async with api.sockets(1, after=0, small=True) as [slow]:
        await asyncio.sleep(1.5 * seconds)
        slow.transport.resume_reading()
        code, seqs = await closed(slow)
    assert code == 4408
    assert 0 < len(seqs) < 3000
    assert seqs == list(range(1, seqs[-1] + 1))
    async with api.sockets(1, after=seqs[-1]) as [again]:
        assert (await told(again))["type"] == "hello"
        assert [(await told(again))["seq"] for _ in range(3000 - seqs[-1])] == list(range(seqs[-1] + 1, 3001))


async def test_links_that_would_be_dead_end_a_socket_with_the_status_they_would_have(book: Book, start: Start) -> None:
    api = start(DARKROOM_CLOCK_SECONDS="-1")  # so that no two clocks agree
    async with api.sockets(1) as [socket]:
        assert (await told(socket))["type"] == "hello"
        assert await book.finish(await book.claimed())
        assert (await closed(socket))[0] == 4503
    assert "Traceback" not in api.daemon.log.read_text()


@pytest.mark.long
async def test_who_opens_more_sockets_than_requests_are_allowed_is_told_so_by_the_code(
    book: Book, start: Start
) -> None:
    api, here = start(DARKROOM_ADDRESS_REQUESTS="2"), {FORWARDED: "192.0.2.9"}
    async with api.sockets(2, **here) as allowed:
        for socket in allowed:
            await told(socket)
        assert await closed(await api.socket(**here)) == (4429, [])
    async with api.sockets(1, **{FORWARDED: "192.0.2.10"}) as [elsewhere]:
        await told(elsewhere)


@pytest.mark.parametrize("kind", [pytest.param(str, marks=pytest.mark.long), bytes])
async def test_a_message_over_64_kib_is_refused(book: Book, api: Api, kind: type) -> None:
    for size, code in ((64 * 1024, None), (64 * 1024 + 1, 1009), (1_000_000, 1009), (8_000_000, 1009)):
        async with api.sockets(1) as [socket]:
            await told(socket)
            await socket.send("x" * size if kind is str else bytes(size))
            if code is None:
                await book.slot()
                assert (await told(socket))["type"] == "state"
            else:
                assert (await closed(socket))[0] == code, size


@pytest.mark.long
async def test_characters_of_several_bytes_are_counted_as_bytes(book: Book, api: Api) -> None:
    async with api.sockets(1) as [socket]:
        await told(socket)
        await socket.send("\u20ac" * 30_000)
        assert (await closed(socket))[0] == 1009


async def test_a_flood_is_ended_and_a_word_now_and_then_is_not(book: Book, api: Api) -> None:
    async with api.sockets(2) as [loud, quiet]:
        for socket in (loud, quiet):
            await told(socket)
        for _ in range(50):
            await quiet.send("a word")
        for _ in range(300):
            await loud.send("x" * 100)
        assert (await closed(loud))[0] == 4429
        await book.slot()
        assert (await told(quiet))["seq"] == 1


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param({"DARKROOM_LIVE_PER_PROJECT": "10"}, marks=pytest.mark.long),
        {"DARKROOM_LIVE_PER_ADDRESS": "10", "DARKROOM_LIVE_PER_PROJECT": "1000"},
    ],
)
async def test_of_a_hundred_at_once_exactly_as_many_as_allowed_are_let_in(
    book: Book, start: Start, limits: dict[str, str]
) -> None:
    api = start(**limits)
    # All of one /64, which is one address.
    made = await asyncio.gather(*(api.socket(**{FORWARDED: f"2001:db8::{n}:1"}) for n in range(100)))
    codes = []
    for socket in made:
        try:
            await told(socket, 10)
            codes.append(0)
        except ConnectionClosed:
            codes.append(socket.close_code or -1)
    assert (codes.count(0), codes.count(4429)) == (10, 90)
    kept = [socket for socket, code in zip(made, codes, strict=True) if code == 0]
    if "DARKROOM_LIVE_PER_PROJECT" in limits and limits["DARKROOM_LIVE_PER_PROJECT"] != "10":
        async with api.sockets(1, **{FORWARDED: "2001:db8:0:1::1"}) as [elsewhere]:
            await told(elsewhere)
    await kept[0].close()
    kept[1].transport.abort()  # without a word
    await until(lambda: api.holds(8), 10)
    async with api.sockets(2) as again:
        for socket in again:
            await told(socket)
    for socket in kept:
        socket.transport.abort()


async def test_addresses_are_kept_as_marks_and_those_of_servers_and_of_this_machine_are_not_counted(
    book: Book, start: Start, valkey_url: str
) -> None:
    api, here = start(DARKROOM_LIVE_PER_ADDRESS="1"), {FORWARDED: "192.0.2.7"}
    key, redis = await server_keys.create("a server", admin=False), Redis.from_url(valkey_url)
    async with httpx.AsyncClient() as client, api.sockets(3) as of_this_machine, api.sockets(1, **here) as [only]:
        for socket in (*of_this_machine, only):
            await told(socket)
        async with api.stream(client, **here) as refused:
            assert refused.status_code == 429
        async with api.stream(client, key, **here) as server:
            assert server.status_code == 200
        ticket = (await api.given_ticket(key, **here))["ticket"]
        async with api.sockets(1, ticket=ticket, **here) as [server_socket]:
            await told(server_socket)
        keys = [name.decode() async for name in redis.scan_iter("darkroom:readers:address:*")]
        assert len(keys) == 1
        assert "192" not in keys[0]
    await redis.aclose()


@pytest.mark.long
@pytest.mark.parametrize("end", [pytest.param(signal.SIGTERM, marks=pytest.mark.long), signal.SIGKILL])
async def test_a_crowd_that_comes_back_after_a_restart_is_let_in(book: Book, start: Start, end: signal.Signals) -> None:
    """At once as a rule; but a worker of granian's may panic on its way out, which is as if it had been killed."""
    api = start(DARKROOM_LIVE_PER_PROJECT="30")
    async with api.sockets(30) as before:
        for socket in before:
            await told(socket)
        if end == signal.SIGKILL:
            api.kill()
        api.daemon.stop()
        api.daemon.start()
        await until(lambda: api.holds(0), KEPT_SECONDS + 1)
        async with api.sockets(30) as again:
            for socket in again:
                assert (await told(socket))["type"] == "hello"


@pytest.mark.long
async def test_a_place_is_kept_for_as_long_as_it_is_held(book: Book, start: Start) -> None:
    api = start(DARKROOM_LIVE_PER_PROJECT="1")
    async with api.sockets(1) as [first]:
        await told(first)
        await asyncio.sleep(KEPT_SECONDS + 1)
        async with api.sockets(1) as [second]:
            assert (await closed(second))[0] == 4429


async def test_streams_over_http_are_counted_too(book: Book, start: Start) -> None:
    api = start(DARKROOM_LIVE_PER_PROJECT="2")
    async with api.sockets(1) as [socket], httpx.AsyncClient() as client:
        await told(socket)
        for _ in range(3):  # each gives its place back
            async with api.stream(client) as taken:
                assert taken.status_code == 200
                lines = taken.aiter_lines()  # kept: without its lines a stream ends
                await anext(lines)
                async with api.stream(client) as refused:
                    assert refused.status_code == 429
            await until(lambda: api.holds(1))


async def test_a_ticket_lets_in_one_of_many_who_come_at_once(book: Book, api: Api) -> None:
    ticket = await api.ticket()
    made = await asyncio.gather(*(api.socket(ticket=ticket) for _ in range(30)))
    ends = []
    for socket in made:
        try:
            ends.append((await told(socket, 10))["type"])
        except ConnectionClosed:
            ends.append(str(socket.close_code))
        socket.transport.abort()
    assert sorted(ends) == ["4401"] * 29 + ["hello"]


@pytest.mark.long
async def test_a_ticket_is_good_for_its_time_alone(book: Book, api: Api, valkey_url: str) -> None:
    ticket = await api.ticket(seconds=1)
    await asyncio.sleep(1.3)
    socket = await api.socket(ticket=ticket)
    assert (await closed(socket))[0] == 4401
    redis = Redis.from_url(valkey_url)
    assert await Tickets(redis, "login").redeem(await api.ticket()) is None, "one for another purpose"
    await redis.aclose()


async def test_a_ticket_is_good_for_a_minute_at_most_whatever_the_settings_say(
    book: Book, start: Start, valkey_url: str
) -> None:
    api, redis = start(DARKROOM_TICKET_SECONDS="600"), Redis.from_url(valkey_url)
    await redis.flushall()
    given = await api.given_ticket()
    assert datetime.fromisoformat(given["expires_at"]) <= datetime.now(UTC) + timedelta(seconds=60)
    [key] = [key async for key in redis.scan_iter("darkroom:ticket:*")]
    assert 0 < await redis.ttl(key) <= 60
    await redis.aclose()


async def test_a_page_of_another_origin_is_refused_whatever_its_ticket(book: Book, start: Start) -> None:
    api = start(DARKROOM_PUBLIC_URLS="https://photos.lan", DARKROOM_ALLOW_ORIGINS="https://app.lan")
    for origin, code in (
        ("https://photos.lan", None),
        ("https://app.lan", None),
        ("http://photos.lan", 4401),
        ("https://photos.lan.evil.example", 4401),
        ("https://evil.example", 4401),
        ("null", 4401),
        ("", 4401),
    ):
        socket = await api.socket(Origin=origin)
        if code is None:
            assert (await told(socket))["type"] == "hello"
            socket.transport.abort()
        else:
            assert (await closed(socket)) == (code, [])
