"""Payments in the chain's own coin, on a real chain: what counts, what does not, and what is said of it."""

import asyncio
from dataclasses import replace

import pytest

from appliance.errors import BadRequest, Conflict
from appliance.ledger.database import fetch
from tests.daemons.anvil import CHAIN_ID
from tests.payments.house import PRICE, House, user

SHOP = "36600557005b60006000fd"  # if there is data: revert


async def test_a_payment_is_asked_for_once_and_as_the_settings_were_then(house: House) -> None:
    ann = await house.person()
    house.set(payment_amount="700")
    await house.payments.quote(ann.edition, ann.user_id)
    shown = await house.payments.shown(ann.edition)
    assert shown
    assert (shown["status"], shown["amount"], shown["decimals"], shown["symbol"]) == ("due", str(PRICE), 18, "ETH")
    assert (shown["chain_id"], shown["confirmations_needed"], shown["token"]) == (CHAIN_ID, 3, None)
    assert shown["recipient"].lower() == house.recipient.lower()
    assert shown["recipient"] != shown["recipient"].lower()
    assert shown["payer"].lower() == ann.wallet
    assert (await house.payments.standing(ann.edition)).status == "due"


async def test_what_was_told_is_seen_at_once_and_counts_after_its_blocks(house: House) -> None:
    ann = await house.person()
    shown = await house.told(ann, house.pay(ann).upper().replace("X", "x"))
    assert (shown["status"], shown["reason"], shown["confirmations"]) == ("seen", "1 of 3 confirmations", 1)
    assert await house.rung(ann)
    assert not (await house.payments.standing(ann.edition)).good
    house.chain.mine()
    assert (await house.looked(ann))["reason"] == "2 of 3 confirmations"
    house.chain.mine()
    shown = await house.looked(ann)
    assert (shown["status"], shown["reason"]) == ("confirmed", "")
    assert await house.rung(ann)
    assert (await house.payments.standing(ann.edition)).good
    await house.looked(ann, 2)
    assert not await house.rung(ann)


async def test_telling_twice_is_telling_once_and_a_second_payment_is_refused(house: House) -> None:
    ann = await house.person()
    first, second = house.pay(ann), house.pay(ann)
    await house.told(ann, first)
    assert (await house.told(ann, first))["status"] == "seen"
    with pytest.raises(Conflict):
        await house.told(ann, second)


@pytest.mark.parametrize("text", ["", "0x", "0x" + "1" * 63, "0x" + "g" * 64, "1" * 66, "0x" + "1" * 64 + "\n"])
async def test_what_is_no_hash_is_refused(house: House, text: str) -> None:
    ann = await house.person()
    with pytest.raises(BadRequest):
        await house.told(ann, text)


async def test_too_little_says_how_much_is_missing_and_two_are_not_added_up(house: House) -> None:
    ann = await house.person()
    shown = await house.told(ann, house.pay(ann, PRICE - 10**16))
    assert (shown["status"], "0.01 ETH is missing" in shown["reason"]) == ("due", True)
    shown = await house.told(ann, house.pay(ann, 10**16))
    assert (shown["status"], "0.49 ETH is missing" in shown["reason"]) == ("due", True)
    assert (await house.told(ann, house.pay(ann, PRICE + 1)))["status"] == "seen"


async def test_one_unit_too_little_is_too_little(house: House) -> None:
    ann = await house.person()
    assert "0.000000000000000001 ETH is missing" in (await house.told(ann, house.pay(ann, PRICE - 1)))["reason"]


async def test_amounts_beyond_what_a_machine_word_holds_are_exact(house: House) -> None:
    house.set(payment_amount="1000000000000.000000000000000001")
    ann = await house.person()
    price = 10**30 + 1
    house.chain.ask("anvil_setBalance", ann.wallet, hex(2 * price + 10**18))
    shown = await house.told(ann, house.pay(ann, price - 1))
    assert (shown["amount"], "0.000000000000000001 ETH is missing" in shown["reason"]) == (str(price), True)
    assert (await house.told(ann, house.pay(ann, price)))["status"] == "seen"
    house.chain.ask("anvil_setBalance", ann.wallet, hex(10**22))


async def test_what_came_from_another_wallet_or_went_to_another_pays_nothing(house: House) -> None:
    ann = await house.person()
    shown = await house.told(ann, house.pay(ann, payer=house.chain.accounts()[5]))
    assert (shown["status"], "It was paid from 0x" in shown["reason"]) == ("due", True)
    shown = await house.told(ann, house.chain.pay(ann.wallet, house.chain.accounts()[6], PRICE))
    assert (shown["status"], "pays no ETH to 0x" in shown["reason"]) == ("due", True)


async def test_one_payment_pays_once_for_the_same_user_and_for_others(house: House) -> None:
    ann = await house.person()
    paid = house.pay(ann)
    house.chain.mine(5)
    assert (await house.told(ann, paid))["status"] == "confirmed"
    await house.moved(ann, "published")
    again = replace(ann, edition=await house.edition(ann.profile))
    await house.payments.quote(again.edition, ann.user_id)
    shown = await house.told(again, paid)
    assert (shown["status"], "paid with this transaction already" in shown["reason"]) == ("due", True)
    ben = await house.person(2)
    assert (await house.told(ben, paid))["status"] == "due"


async def test_two_editions_race_for_one_payment_and_one_gets_it(house: House) -> None:
    ann = await house.person()
    await user("another")
    row = await fetch("INSERT INTO profiles (user_id) VALUES ('another') RETURNING id")
    other = replace(ann, edition=await house.edition(row[0]["id"]))
    await house.payments.quote(other.edition, ann.user_id)
    paid = house.pay(ann)
    shown = await asyncio.gather(*(house.told(one, paid) for one in (ann, other) * 4))
    assert {one["status"] for one in shown} >= {"seen"}
    ends = [(await house.payments.standing(one.edition)).status for one in (ann, other)]
    assert sorted(ends) == ["due", "seen"]


async def test_what_is_in_no_block_yet_pays_nothing_yet(house: House) -> None:
    ann = await house.person()
    house.chain.automine(False)
    shown = await house.told(ann, house.pay(ann))
    assert (shown["status"], shown["reason"]) == ("due", "The transaction is in no block yet")
    house.chain.mine()
    assert (await house.looked(ann))["status"] == "seen"


async def test_what_the_chain_does_not_know_pays_nothing(house: House) -> None:
    ann = await house.person()
    assert "does not know" in (await house.told(ann, "0x" + "1" * 64))["reason"]


async def test_what_failed_pays_nothing(house: House) -> None:
    ann = await house.person()
    reverts = house.chain.send(ann.wallet, data="0x60006000fd", gas=hex(100_000))  # a contract that refuses to be made
    assert "failed: nothing was paid" in (await house.told(ann, reverts))["reason"]


async def test_what_is_older_than_the_quote_pays_nothing(house: House) -> None:
    ann = await house.person(begun=False)
    await fetch("UPDATE profile_payments SET created_at = now() + interval '1 hour' WHERE edition = $1", ann.edition)
    assert "older than what is to be paid" in (await house.told(ann, house.pay(ann)))["reason"]


async def test_a_block_that_was_begun_just_before_the_quote_is_not_too_old(house: House) -> None:
    paid = house.pay(await house.person())
    await fetch("TRUNCATE wallets, profiles CASCADE")
    assert (await house.told(await house.person(begun=False), paid))["status"] == "seen"


async def test_what_is_searched_for_is_found_without_being_told(house: House) -> None:
    ann, ben = await house.person(1), await house.person(2)
    house.pay(ann, PRICE // 2)
    assert "is missing" in (await house.looked(ann))["reason"]
    enough = house.pay(ann)
    house.pay(ben, payer=house.chain.accounts()[5])
    shown = await house.looked(ann)
    assert (shown["status"], shown["tx_hash"]) == ("seen", enough)
    assert (await house.looked(ben))["tx_hash"] is None
    house.chain.mine(3)
    assert (await house.looked(ann))["status"] == "confirmed"


async def test_one_that_failed_does_not_hide_one_that_is_good(house: House) -> None:
    """The recipient is a contract that takes what comes without data, and refuses what comes with some."""
    made = house.chain.send(house.chain.accounts()[0], data=f"0x600b600c600039600b6000f3{SHOP}", gas=hex(200_000))
    house.set(payment_recipient=house.chain.ask("eth_getTransactionReceipt", made)["contractAddress"])
    ann = await house.person()
    for _ in range(2):
        house.chain.send(ann.wallet, to=house.recipient, value=hex(PRICE), data="0x01", gas=hex(100_000))
    paid = house.pay(ann)
    shown = await house.looked(ann)
    assert (shown["status"], shown["tx_hash"]) == ("seen", paid)


async def test_what_was_told_wrongly_does_not_hide_what_was_paid(house: House) -> None:
    ann = await house.person()
    await house.told(ann, "0x" + "1" * 64)
    paid = house.pay(ann)
    assert (await house.looked(ann))["tx_hash"] == paid


async def test_nothing_is_searched_for_while_nobody_has_to_pay(house: House) -> None:
    ann = await house.person()
    await house.moved(ann, "expired")
    house.pay(ann)
    shown = await house.looked(ann, 2)
    assert (shown["status"], shown["tx_hash"]) == ("due", None)
    (row,) = await fetch("SELECT look_at FROM profile_payments")
    assert row["look_at"] is None


async def test_a_search_goes_on_where_it_ended_over_more_blocks_than_one_round_takes(house: House) -> None:
    ann = await house.person()
    await house.looked(ann)
    house.chain.mine(60)
    paid = house.pay(ann)
    house.chain.mine(60)
    assert (await house.looked(ann))["tx_hash"] is None
    assert (await house.looked(ann, 3))["tx_hash"] == paid
