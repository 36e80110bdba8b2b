"""Blocks that are none of the chain's any more, before a payment counted and after; and a node that is behind."""

import pytest

from appliance.ledger.database import fetch
from tests.payments.house import House


async def test_a_payment_whose_block_is_gone_is_due_again_and_may_be_made_again(house: House) -> None:
    ann = await house.person()
    await house.told(ann, house.pay(ann))
    await house.rung(ann)
    house.chain.reorganise(1)
    shown = await house.looked(ann)
    assert (shown["status"], "none of the chain's any more" in shown["reason"]) == ("due", True)
    assert (shown["confirmations"], await house.rung(ann)) == (0, True)
    house.chain.mine(2)
    assert (await house.looked(ann))["status"] == "due"
    again = house.pay(ann)
    assert (await house.looked(ann))["tx_hash"] == again


@pytest.mark.parametrize("state", ["awaiting_payment", "in_review", "processing"])
async def test_also_what_is_confirmed_is_due_again_until_it_is_published(house: House, state: str) -> None:
    ann = await house.person()
    paid = house.pay(ann)
    house.chain.mine(2)
    assert (await house.told(ann, paid))["status"] == "confirmed"
    if state != "awaiting_payment":
        await house.moved(ann, state)
    await house.rung(ann)
    house.chain.reorganise(3)
    shown = await house.looked(ann)
    assert (shown["status"], await house.rung(ann)) == ("due", True)
    assert not (await house.payments.standing(ann.edition)).good
    (row,) = await fetch("SELECT paid_at, block FROM profile_payments")
    assert (row["paid_at"], row["block"]) == (None, None)


async def test_what_was_published_stays_paid(house: House) -> None:
    ann = await house.person()
    paid = house.pay(ann)
    house.chain.mine(2)
    await house.told(ann, paid)
    await house.moved(ann, "published")
    house.chain.reorganise(3)
    assert (await house.looked(ann, 2))["status"] == "confirmed"


async def test_what_is_in_another_block_now_waits_anew(house: House) -> None:
    """The other branch has the same transaction, later."""
    ann = await house.person()
    before = house.chain.ask("evm_snapshot")
    house.chain.automine(False)
    paid = house.pay(ann)
    raw = house.chain.ask("eth_getRawTransactionByHash", paid)
    house.chain.mine(3)
    assert (await house.told(ann, paid))["status"] == "confirmed"
    house.chain.ask("evm_revert", before)
    house.chain.mine(4)  # the other branch is longer, or nobody would follow it
    assert (await house.looked(ann))["status"] == "due"
    house.chain.ask("eth_sendRawTransaction", raw)
    house.chain.mine()
    shown = await house.looked(ann)
    assert (shown["status"], shown["confirmations"], shown["tx_hash"]) == ("seen", 1, paid)
    house.chain.mine(2)
    assert (await house.looked(ann))["status"] == "confirmed"


async def test_a_node_that_is_behind_takes_nothing_back(house: House) -> None:
    ann = await house.person()
    before = house.chain.ask("evm_snapshot")
    await house.told(ann, house.pay(ann))
    house.chain.ask("evm_revert", before)
    shown = await house.looked(ann)
    assert (shown["status"], "it is behind the chain" in shown["reason"]) == ("seen", True)


async def test_a_search_finds_what_another_branch_has_where_it_looked_already(house: House) -> None:
    ann = await house.person()
    house.chain.mine(2)
    await house.looked(ann)
    house.chain.ask("anvil_reorg", 2, [[{"from": ann.wallet, "to": house.recipient, "value": hex(10**18)}, 0]])
    shown = await house.looked(ann)
    assert (shown["status"], shown["confirmations"]) == ("seen", 2)
