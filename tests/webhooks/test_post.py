"""Where a message goes: to the address that was checked, to no other, and to nobody whose certificate is not his."""

import asyncio
import socket
import ssl
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from appliance.webhooks import signing
from appliance.webhooks.addresses import Reach
from appliance.webhooks.post import NOT_PUBLIC, Outcome, Post
from tests.daemons import caddy
from tests.daemons.process import free_port
from tests.webhooks.hooks import REACH
from tests.webhooks.receiver import ALLOWED, Receiver, Request, hang, receiver

PRIVATE = "127.0.0.1"
UNTRUSTED = "its certificate can't be verified, or TLS failed"


class Names(AbstractResolver):
    """DNS in the hands of somebody else: each look-up of a name gets the next answer; the last one stays."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self._answers = {name.replace("_", "."): answer for name, answer in answers.items()}
        self.asked: defaultdict[str, int] = defaultdict(int)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        answers = self._answers[host]
        addresses = answers[min(self.asked[host], len(answers) - 1)]
        self.asked[host] += 1
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        return


async def send(url: str, names: Names | None = None, seconds: float = 5, reach: Reach = REACH) -> Outcome:
    async with Post(reach, seconds, names) as post:
        return await post.send(url, signing.new_secret(), "epoch:1", b"{}")


@pytest.fixture
def canary() -> Iterator[Receiver]:
    """Something private that must see nobody."""
    with receiver(PRIVATE) as made:
        yield made
        assert made.sent == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::ffff:127.0.0.1]", "localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0"]
)
async def test_no_spelling_of_a_private_address_is_connected_to(canary: Receiver, host: str) -> None:
    found = await send(f"http://{host}:{canary.port}/hook")
    assert found.error
    assert found.status is None


async def test_a_name_that_leads_to_a_private_address_is_refused_and_says_so(canary: Receiver) -> None:
    found = await send(f"http://hook.example:{canary.port}/", Names(hook_example=[[PRIVATE]]))
    assert found.error == NOT_PUBLIC
    both = await send(f"http://hook.example:{canary.port}/", Names(hook_example=[[PRIVATE, "::1", "10.0.0.1"]]))
    assert both.error == NOT_PUBLIC


async def test_of_a_name_with_both_kinds_of_addresses_only_the_public_one_is_used() -> None:
    with receiver(ALLOWED) as good:
        names = Names(hook_example=[[PRIVATE, ALLOWED]])
        found = await send(f"http://hook.example:{good.port}/", names)
    assert found.error == ""
    assert len(good.sent) == 1
    assert good.sent[0].headers["host"] == f"hook.example:{good.port}"


async def test_a_name_that_changes_between_look_ups_reaches_nothing_private() -> None:
    """Rebinding: allowed at the first look-up, private at the next. A connection goes where its one look-up led."""
    port = free_port()  # of both addresses: one that the kernel chose for the first may be in use at the other
    with receiver(ALLOWED, port=port) as good, receiver(PRIVATE, port=port) as canary:
        good.answers(lambda request, _: request.say(200, Connection="close"))
        names = Names(rebind_example=[[ALLOWED], [PRIVATE]])
        url, secret = f"http://rebind.example:{good.port}/", signing.new_secret()
        async with Post(REACH, 5, names) as post:
            first = await post.send(url, secret, "epoch:1", b"{}")
            assert (first.error, names.asked["rebind.example"]) == ("", 1)
            second = await post.send(url, secret, "epoch:2", b"{}")
    assert second.error == NOT_PUBLIC
    assert names.asked["rebind.example"] == 2, "an answer of before was used again"
    assert (len(good.sent), len(canary.sent)) == (1, 0)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(canary: Receiver, receiving: Receiver, status: int) -> None:
    receiving.answers(lambda request, _: request.say(status, Location=canary.url))
    found = await send(receiving.url)
    assert (found.status, found.error) == (status, f"it answered {status}; redirects are not followed")
    receiving.answers(lambda request, _: request.say(status, Location=receiving.url))
    await send(receiving.url)
    assert len(receiving.sent) == 2


async def test_the_whole_of_it_has_one_time_limit(receiving: Receiver) -> None:
    receiving.answers(hang)
    began = time.monotonic()
    found = await send(receiving.url, seconds=0.5)
    assert (found.error, found.status) == ("no answer within 0.5 s", None)
    assert time.monotonic() - began < 2
    assert 500 <= found.milliseconds < 2000


async def test_an_answer_without_end_costs_neither_time_nor_memory(receiving: Receiver) -> None:
    sent = []

    def flood(request: Request, _: int) -> None:
        request.send_response(200)
        request.end_headers()
        with suppress(OSError):
            while len(sent) < 2000:
                request.wfile.write(bytes(1 << 20))
                sent.append(1)

    receiving.answers(flood)
    began = time.monotonic()
    found = await send(receiving.url)
    assert (found.status, found.error) == (200, "")
    assert time.monotonic() - began < 2
    await asyncio.sleep(0.5)
    assert len(sent) < 50, "megabytes were taken"


async def test_a_head_without_end_is_no_answer(receiving: Receiver) -> None:
    def flood(request: Request, _: int) -> None:
        with suppress(OSError):
            request.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            for _ in range(1000):
                request.wfile.write(b"x" * 65536)

    receiving.answers(flood)
    assert (await send(receiving.url)).error == "the connection broke, or its answer was no HTTP"


@pytest.mark.parametrize(("said", "wait"), [("120", 120), ("99999", 3600), ("soon", 0), ("-5", 0), ("\u0661", 0)])
async def test_a_receiver_may_ask_to_be_left_alone_for_a_while(receiving: Receiver, said: str, wait: float) -> None:
    receiving.answers(lambda request, _: request.say(503, Retry_After=said.encode().decode("latin-1")))
    found = await send(receiving.url)
    assert (found.status, found.wait) == (503, wait)


async def test_no_cookie_is_kept_and_no_proxy_asked(receiving: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiver(PRIVATE) as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("http_proxy", proxy.url)
        receiving.answers(lambda request, _: request.say(200, Set_Cookie="a=b"))
        url = f"http://hook.example:{receiving.port}/"
        async with Post(REACH, 5, Names(hook_example=[[ALLOWED]])) as post:
            for number in (1, 2):
                assert (await post.send(url, signing.new_secret(), f"e:{number}", b"{}")).error == ""
        assert proxy.sent == []
    assert [sent.headers.get("cookie") for sent in receiving.sent] == [None, None]


NAME = "hook.example"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an authority that nobody here trusts, with a certificate for NAME: an edge makes both."""
    folder = tmp_path_factory.mktemp("authority")
    port = free_port()
    settings = caddy.settings(folder, [], [], folder)
    server = caddy.start(folder, replace(settings, port=port, urls=[f"https://{NAME}:{port}"]))
    server.daemon.stop()
    return folder / "data"


@pytest.fixture
def secure(authority: Path) -> Iterator[Receiver]:
    made = authority / "certificates" / "local" / NAME
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(made / f"{NAME}.crt", made / f"{NAME}.key")
    with receiver(ALLOWED, own) as listening:
        yield listening


@pytest.mark.parametrize(
    ("called", "trusted", "error"),
    [(NAME, True, ""), (NAME, False, UNTRUSTED), ("other.example", True, UNTRUSTED)],
)
async def test_tls_is_verified_chain_and_name(
    secure: Receiver, authority: Path, called: str, trusted: bool, error: str
) -> None:
    trust = ssl.create_default_context(cafile=str(authority / "pki/authorities/local/root.crt")) if trusted else None
    names = Names(**{called.replace(".", "_"): [[ALLOWED]]})
    async with Post(REACH, 5, names, trust) as post:
        found = await post.send(f"https://{called}:{secure.port}/", signing.new_secret(), "epoch:1", b"{}")
    assert found.error == error
    assert len(secure.sent) == (0 if error else 1)
