"""Signing in with a wallet over the API: who is let in, who is not, and what the token is good for."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from appliance.accounts.signatures import digest
from tests.appliance import pictures
from tests.appliance.settings import wait_in_force
from tests.chats.people import House
from tests.stack import Stack
from tests.wallets.keys import Wallet


class Door:
    """The two requests, as a page makes them."""

    def __init__(self, stack: Stack) -> None:
        self.api = httpx.Client(base_url=stack.url, timeout=30)

    def challenge(self, wallet: Wallet, **more: Any) -> str:
        answer = self.api.post("/wallet/challenge", json={"address": wallet.address, **more})
        assert answer.status_code == 201, answer.text
        message: str = answer.json()["message"]
        return message

    def enter(self, message: str, signature: str, **headers: str) -> httpx.Response:
        return self.api.post("/wallet/login", json={"message": message, "signature": signature}, headers=headers)

    def let_in(self, wallet: Wallet) -> dict[str, Any]:
        message = self.challenge(wallet)
        answer = self.enter(message, wallet.sign(message))
        assert answer.status_code == 201, answer.text
        session: dict[str, Any] = answer.json()
        return session

    def refused(self, message: str, signature: str, why: str, status: int = 401) -> bool:
        """Whether it is refused, for this reason; what is said instead is in the failure."""
        answer = self.enter(message, signature)
        assert (answer.status_code, why in answer.text) == (status, True), answer.text
        return True


@pytest.fixture
def door(stack: Stack) -> Door:
    return Door(stack)


@pytest.fixture
def wallet() -> Wallet:
    return Wallet()


def test_a_wallet_is_one_user_each_time_whose_name_and_id_tell_no_address(door: Door, wallet: Wallet) -> None:
    first, second = door.let_in(wallet), door.let_in(wallet)
    assert first["user_id"] == second["user_id"]
    assert first["address"] == wallet.address
    assert wallet.address[2:].lower() not in first["user_id"].lower()
    assert door.let_in(Wallet())["user_id"] != first["user_id"]


def test_many_logins_at_once_make_one_user(door: Door, wallet: Wallet) -> None:
    signed = [(message, wallet.sign(message)) for message in (door.challenge(wallet) for _ in range(8))]
    with ThreadPoolExecutor(8) as many:
        answers = list(many.map(lambda one: door.enter(*one), signed))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["user_id"] for answer in answers}) == 1


def test_of_a_deleted_user_the_wallet_may_come_again_as_another(door: Door, wallet: Wallet, stack: Stack) -> None:
    before = door.let_in(wallet)["user_id"]
    key = {"Authorization": f"Bearer {stack.key}"}
    assert httpx.delete(f"{stack.url}/users/{before}", headers=key).status_code == 204
    assert door.let_in(wallet)["user_id"] != before


def test_a_challenge_is_good_once_and_whoever_fails_it_needs_another(door: Door, wallet: Wallet) -> None:
    message = door.challenge(wallet)
    signature = wallet.sign(message)
    assert door.enter(message, signature).status_code == 201
    assert door.refused(message, signature, "used already")
    other = door.challenge(wallet)
    assert door.refused(other, Wallet().sign(other), "not that of this wallet")
    assert door.refused(other, wallet.sign(other), "used already")


def test_one_challenge_sent_by_many_at_once_lets_one_in(door: Door, wallet: Wallet) -> None:
    message = door.challenge(wallet)
    signature = wallet.sign(message)
    with ThreadPoolExecutor(8) as many:
        answers = list(many.map(lambda _: door.enter(message, signature).status_code, range(8)))
    assert sorted(answers) == [201] + [401] * 7


@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        ("your Ethereum account:\n", "your Ethereum account:\n\n", 400),
        ("Sign in to", "Sign away", 401),
        ("Chain ID: 1\n", "Chain ID: 137\n", 401),
        ("Nonce: ", "Nonce: a", 401),
        ("Version: 1", "Version: 1\nURI: https://evil.example", 400),
        ("\n\nURI", "\n\nResources:\n- https://evil.example\n\nURI", 400),
        ("Sign in", "SIGN IN", 401),
        ("Ethereum", "ETHEREUM", 400),
        ("\n", "\r\n", 400),
    ],
)
def test_what_was_altered_is_refused_though_its_owner_signed_it(
    door: Door, wallet: Wallet, old: str, new: str, status: int
) -> None:
    message = door.challenge(wallet).replace(old, new)
    assert door.refused(message, wallet.sign(message), "", status)


def test_a_message_for_another_place_is_refused(door: Door, wallet: Wallet) -> None:
    message = door.challenge(wallet)
    foreign = message.replace(message.partition(" ")[0], "evil.example")
    assert door.refused(foreign, wallet.sign(foreign), "signed for evil.example")


def test_the_place_is_never_what_a_request_claims_it_to_be(stack: Stack, wallet: Wallet) -> None:
    claimed = {"address": wallet.address}
    answer = httpx.post(f"{stack.url}/wallet/challenge", json=claimed, headers={"Host": "evil.example"})
    assert "evil" not in answer.text


def test_a_message_that_nobody_was_given_is_refused(door: Door, wallet: Wallet) -> None:
    message = door.challenge(wallet)
    nonce = message.partition("Nonce: ")[2][:32]
    forged = message.replace(nonce, "0" * 32)
    assert door.refused(forged, wallet.sign(forged), "not what was given")


def test_a_signature_of_somebody_else_or_of_nobody_is_refused(door: Door, wallet: Wallet) -> None:
    for sign in (Wallet().sign, wallet.sign_twisted, lambda _: "0x" + "00" * 65, lambda _: "0x" + "ff" * 65):
        message = door.challenge(wallet)
        assert door.refused(message, sign(message), "not that of this wallet")


def test_another_ones_challenge_is_worth_nothing_to_a_thief(door: Door, wallet: Wallet) -> None:
    thief = Wallet()
    message = door.challenge(wallet).replace(wallet.address, thief.address)
    assert door.refused(message, thief.sign(message), "not what was given")


def test_a_contracts_signature_is_refused_where_there_is_no_node_and_that_is_said(door: Door, wallet: Wallet) -> None:
    message = door.challenge(wallet)
    assert door.refused(message, "0x" + "ab" * 130, "the operator has set no node")


@pytest.mark.parametrize(
    "body",
    [
        {"address": "0x" + "1" * 39},
        {"address": "0x" + "g" * 40},
        {"address": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"},
        {"address": "0x" + "1" * 40, "chain_id": 0},
        {"address": "0x" + "1" * 40, "chain_id": 10**18},
        {"address": "0x" + "1" * 40 + "\n"},
        {},
    ],
)
def test_what_is_no_address_or_chain_is_not_challenged(door: Door, body: dict[str, Any]) -> None:
    assert door.api.post("/wallet/challenge", json=body).status_code == 400


def test_bodies_that_are_none_are_told_so(door: Door, wallet: Wallet) -> None:
    message = door.challenge(wallet)
    for signature in ("", "0x", "0x" + "a" * 129, "a" * 130, "0x" + "g" * 130, "0x" + "ab" * 5000):
        assert door.refused(message, signature, "signature", 400)
    assert door.refused(message + " " * 60_000, "0x" + "ab" * 65, "EIP-4361", 400)
    assert door.enter("a" * 65_536, "0x" + "ab" * 65).status_code == 413


def test_the_token_is_good_for_ones_own_events_and_nothing_else(door: Door, wallet: Wallet, stack: Stack) -> None:
    session, other = door.let_in(wallet), door.let_in(Wallet())
    own = httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {session['token']}"}, timeout=30)
    me = session["user_id"]
    assert own.get(f"/users/{me}/events").status_code == 200
    assert own.get("/notifications").status_code == 200
    assert own.get(f"/users/{other['user_id']}/events").status_code == 404
    ticket = own.post("/tickets").json()["ticket"]
    with connect(f"{stack.url.replace('http', 'ws')}/users/{me}/events?ticket={ticket}") as socket:
        assert "hello" in str(socket.recv(10))
    for method, path, body in (
        ("POST", "/files/", {"filename": "a.jpg", "user_id": me}),
        ("POST", "/images/", {"filename": "a.jpg", "user_id": me}),
        ("POST", "/chats/", {"title": "a"}),
        ("POST", "/tokens", {"user_id": me}),
        ("GET", f"/users/{me}", None),
        ("DELETE", f"/users/{me}", None),
        ("GET", f"/users/{me}/files", None),
        ("POST", f"/profiles/{uuid4()}/payment/mark", {"reference": "1"}),
        ("GET", "/settings", None),
        ("GET", "/cluster", None),
    ):
        answer = own.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed"), (path, answer.text)


def test_what_is_signed_is_what_every_wallet_signs() -> None:
    # Of the documents of the standard's own reference: the hash of "hello world" as it is signed.
    assert digest("hello world").hex() == "d9eba16ed0ecae432b71fe008c98cc872bb4cc214d3220a36f365326cf807d68"


def test_so_many_new_ones_an_hour_come_from_an_address_and_who_is_known_always(door: Door, stack: Stack) -> None:
    known, server = Wallet(), httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {stack.key}"})
    door.let_in(known)
    server.put("/settings/address_newcomers", json={"value": 1}).raise_for_status()
    try:
        wait_in_force(stack, "api")  # in every process of it: any of them may answer
        new = Wallet()
        message = door.challenge(new)
        answer = door.enter(message, new.sign(message))
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_newcomers")
        assert 0 < int(answer.headers["retry-after"]) <= 3600
        door.let_in(known)
    finally:
        server.delete("/settings/address_newcomers").raise_for_status()
        wait_in_force(stack, "api")  # the next test lets new ones in


def test_the_token_opens_no_chat_that_its_user_is_in(door: Door, wallet: Wallet, stack: Stack) -> None:
    session = door.let_in(wallet)
    house = House(stack)
    anna = house.person("anna")
    chat = house.chat(anna)
    house.server.put(f"/chats/{chat}/members/{session['user_id']}").raise_for_status()
    file = anna.upload(chat, pictures.jpeg(64, 64))
    anna.say(chat, "look", [file])
    own = httpx.Client(base_url=stack.url, headers={"Authorization": f"Bearer {session['token']}"})
    assert own.get(f"/files/{file}").status_code == 403
    assert own.get(f"/progress/{file}").status_code == 404
    ticket = own.post("/tickets").json()["ticket"]
    address = f"{stack.url.replace('http', 'ws')}/chats/{chat}/events?ticket={ticket}"
    with connect(address) as socket, pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=10)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4404
