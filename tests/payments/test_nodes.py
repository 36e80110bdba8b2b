"""Nodes that are away, of another chain, or lie: nothing is confirmed by them, and it is tried again."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from appliance.ledger.database import fetch
from appliance.payments.rpc import MOST_BYTES, Call, Node, Trouble
from tests.daemons import anvil
from tests.daemons.process import free_port
from tests.payments.house import House
from tests.payments.liar import liar

SECRET = "a-key-of-the-operators"


async def test_while_the_node_is_away_nothing_counts_and_when_it_is_back_it_does(
    house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = anvil.start(tmp_path)
    house.chain, house.node = own, Node(f"{own.url}/?key={SECRET}", 1.0)
    house.payments, house.watch = house.made_of(house.node)
    try:
        ann = await house.person()
        own.stop()
        shown = await house.told(ann, "0x" + "1" * 64)
        assert (shown["status"], "can't be asked at the moment" in shown["reason"]) == ("due", True)
        house.chain = own = anvil.start(tmp_path, own.port)
        paid = house.pay(ann)
        own.mine(2)
        assert (await house.looked(ann))["status"] == "confirmed"
        own.stop()
        assert (await house.looked(ann, 2))["status"] == "confirmed"
        assert (await house.payments.tell(ann.edition, paid))["status"] == "confirmed"
    finally:
        own.stop()
        await house.node.close()
    told = capsys.readouterr()
    assert SECRET not in told.out + told.err


async def test_what_is_searched_for_says_that_the_node_is_away(house: House) -> None:
    ann = await house.person()
    house.node = Node(f"http://127.0.0.1:{free_port()}", 1.0)
    _, house.watch = house.made_of(house.node)
    assert "it can't be reached" in (await house.looked(ann))["reason"]
    await house.node.close()
    house.node = Node(house.chain.url)
    _, house.watch = house.made_of(house.node)
    assert (await house.looked(ann))["reason"] == ""
    await house.node.close()


async def test_a_node_of_another_chain_confirms_nothing(house: House, tmp_path: Path) -> None:
    ann = await house.person()
    other = anvil.start(tmp_path, chain_id=5)
    try:
        paid = other.pay(ann.wallet, house.recipient, 10**18)
        other.mine(5)
        house.node = Node(other.url)
        house.payments, house.watch = house.made_of(house.node)
        for shown in (await house.told(ann, paid), await house.looked(ann)):
            assert (shown["status"], "it is of chain 5" in shown["reason"]) == ("due", True)
    finally:
        other.stop()
        await house.node.close()


def _else(method: str, change: Callable[[Any], Any]) -> Callable[[str, Any], Any]:
    return lambda asked, truth: change(truth) if asked == method and truth is not None else truth


LIES = {
    "another transaction": _else("eth_getTransactionByHash", lambda t: t | {"hash": "0x" + "2" * 64}),
    "another receipt": _else("eth_getTransactionReceipt", lambda t: t | {"transactionHash": "0x" + "2" * 64}),
    "a receipt of another block": _else("eth_getTransactionReceipt", lambda t: t | {"blockHash": "0x" + "2" * 64}),
    "a block that is another": _else("eth_getBlockByNumber", lambda t: t | {"hash": "0x" + "2" * 64}),
    "a block of another height": _else("eth_getBlockByNumber", lambda t: t | {"number": "0x1"}),
    "a head that is none": _else("eth_blockNumber", lambda t: "many"),
    "a head below the transaction": _else("eth_blockNumber", lambda t: "0x1"),
    "a receipt without status": _else("eth_getTransactionReceipt", lambda t: {**t, "status": "0x"}),
    "a receipt that is a list": _else("eth_getTransactionReceipt", lambda t: [t]),
    "a negative amount": _else("eth_getTransactionByHash", lambda t: t | {"value": "-0x1"}),
    "a number that is none": _else("eth_getTransactionByHash", lambda t: t | {"value": 10**18}),
    "an address of a megabyte": _else("eth_getTransactionByHash", lambda t: t | {"from": "0x" + "1" * 10**6}),
    "digits of another kind": _else("eth_getTransactionReceipt", lambda t: t | {"status": "0x\u0661"}),
    "no JSON": lambda method, truth: b"{" * 1000,
    "brackets in brackets": lambda method, truth: b"[" * 100_000,
    "an answer to somebody else": lambda method, truth: b'{"jsonrpc":"2.0","id":0,"result":"0x7a69"}',
    "nothing but an error": lambda method, truth: b'{"jsonrpc":"2.0","id":1,"error":{"message":"' + b"no" * 9 + b'"}}',
    "more than is taken": lambda method, truth: b" " * (MOST_BYTES + 1),
    "a redirect": lambda method, truth: web.Response(status=307, headers={"Location": "http://127.0.0.1:1/"}),
    "a failure": lambda method, truth: web.Response(status=502),
}


async def test_a_node_that_lies_confirms_nothing(house: House) -> None:
    house.chain.mine(3)  # so that block 1, of which some lies speak, is none of the payment's
    ann = await house.person()
    paid = house.pay(ann)
    for name, lie in LIES.items():
        async with liar(house.chain.url, lie) as url, Node(url, 2.0) as node:
            payments, watch = house.made_of(node)
            shown = await payments.tell(ann.edition, paid)
            assert (shown["status"], bool(shown["reason"])) == ("due", True), name
            await watch.look()
        assert (await house.payments.standing(ann.edition)).status == "due", name
    house.chain.mine(2)
    assert (await house.looked(ann))["status"] == "confirmed"


async def test_a_node_that_is_away_is_asked_once_a_round_and_nobody_is_forgotten(house: House) -> None:
    people = [await house.person(account) for account in (1, 2, 3)]
    for one in people:
        await house.told(one, house.pay(one))
    await house.person(4)  # who has not paid: for that nobody is asked once more
    house.chain.mine(2)
    asked: list[str] = []

    def away(method: str, truth: Any) -> web.Response:
        asked.append(method)
        return web.Response(status=503)

    async with liar(house.chain.url, away) as url, Node(url, 2.0) as node:
        _, watch = house.made_of(node)
        await house.due()
        await watch.look()
    assert sorted(asked) == ["eth_blockNumber", "eth_chainId"]
    await house.watch.look()
    assert [(await house.payments.standing(one.edition)).status for one in people] == ["confirmed"] * 3


async def test_trouble_with_one_payment_holds_up_no_other(house: House) -> None:
    house.set(payment_confirmations=5)
    people = [await house.person(account) for account in (1, 2, 3)]
    hashes = [house.pay(one) for one in people]
    for one, paid in zip(people[:2], hashes[:2], strict=True):
        await house.told(one, paid)
    house.chain.mine(4)
    lie = _else("eth_getTransactionReceipt", lambda t: "?" if t["transactionHash"] == hashes[0] else t)
    async with liar(house.chain.url, lie) as url, Node(url, 2.0) as node:
        _, watch = house.made_of(node)
        await house.due()
        await watch.look()
    ends = [(await house.payments.standing(one.edition)).status for one in people]
    assert ends == ["seen", "confirmed", "confirmed"]


async def test_who_is_not_known_to_be_asked_since_when_holds_up_no_search(house: House) -> None:
    ann, ben = await house.person(1), await house.person(2)
    long_ago = "UPDATE profile_payments SET since_block = NULL, created_at = to_timestamp(0) WHERE edition = $1"
    await fetch(long_ago, ann.edition)
    paid = house.pay(ben)
    lie = _else("eth_getBlockByNumber", lambda t: "?" if t["number"] == "0x0" else t)
    async with liar(house.chain.url, lie) as url, Node(url, 2.0) as node:
        _, watch = house.made_of(node)
        await watch.look()
    rows = {row["edition"]: row for row in await fetch("SELECT edition, reason, tx_hash FROM profile_payments")}
    assert "makes no sense" in rows[ann.edition]["reason"]
    assert rows[ben.edition]["tx_hash"] == paid


async def test_a_payment_that_a_block_has_lost_is_no_reorganisation(house: House) -> None:
    ann = await house.person()
    await house.told(ann, house.pay(ann))
    lie = _else("eth_getTransactionReceipt", lambda t: None)
    async with liar(house.chain.url, lie) as url:
        node = Node(url, 2.0)
        payments, _ = house.made_of(node)
        await payments.look(ann.edition)
        await node.close()
    shown = await house.payments.shown(ann.edition)
    assert shown
    assert (shown["status"], "makes no sense" in shown["reason"]) == ("seen", True)


async def test_a_node_that_never_answers_holds_nobody_up(house: House) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    node = Node(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", 0.2)
    began = time.monotonic()
    assert await node.ask(Call("eth_chainId")) == Trouble("no answer within 0.2 s", away=True)
    assert time.monotonic() - began < 2
    await node.close()
    server.close()
