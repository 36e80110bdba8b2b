"""Payments in a token: by what its contract logs."""

import pytest

from tests.daemons.anvil import SUPPLY
from tests.payments.house import House, Person

PRICE = 2_500_000  # 2.5 of 6 decimals


@pytest.fixture
def token(house: House) -> str:
    made = house.chain.token(house.chain.accounts()[0])
    house.set(payment_token=made, payment_token_decimals=6, payment_token_symbol="TEST", payment_amount="2.5")
    for account in (1, 2):
        house.chain.pay_token(made, house.chain.accounts()[0], house.chain.accounts()[account], SUPPLY // 10)
    return made


def pay(house: House, one: Person, token: str, amount: int = PRICE, payer: str = "") -> str:
    return house.chain.pay_token(token, payer or one.wallet, house.recipient, amount)


async def test_tokens_are_told_of_and_counted_in_their_own_unit(house: House, token: str) -> None:
    ann = await house.person()
    shown = await house.told(ann, pay(house, ann, token, PRICE - 1))
    assert (shown["amount"], shown["symbol"], shown["token"].lower()) == (str(PRICE), "TEST", token)
    assert (shown["status"], "0.000001 TEST is missing" in shown["reason"]) == ("due", True)
    assert (await house.told(ann, pay(house, ann, token)))["status"] == "seen"
    house.chain.mine(2)
    assert (await house.looked(ann))["status"] == "confirmed"


async def test_tokens_are_found_without_being_told_each_by_its_payer(house: House, token: str) -> None:
    ann, ben = await house.person(1), await house.person(2)
    pay(house, ann, token, PRICE // 2)
    mine, his = pay(house, ann, token), pay(house, ben, token)
    assert (await house.looked(ann))["tx_hash"] == mine
    assert (await house.looked(ben))["tx_hash"] == his


async def test_what_is_no_such_token_or_no_token_at_all_pays_nothing(house: House, token: str) -> None:
    ann = await house.person()
    other = house.chain.token(ann.wallet)
    for paid in (pay(house, ann, other), house.pay(ann)):
        shown = await house.told(ann, paid)
        assert (shown["status"], "pays no TEST to" in shown["reason"]) == ("due", True)


async def test_tokens_of_another_wallet_pay_nothing(house: House, token: str) -> None:
    ann = await house.person()
    shown = await house.told(ann, pay(house, ann, token, payer=house.chain.accounts()[2]))
    assert (shown["status"], "It was paid from 0x" in shown["reason"]) == ("due", True)


async def test_a_transfer_that_failed_pays_nothing(house: House, token: str) -> None:
    ann = await house.person()
    assert "failed" in (await house.told(ann, pay(house, ann, token, SUPPLY)))["reason"]


async def test_what_is_gone_from_the_chain_is_due_again(house: House, token: str) -> None:
    ann = await house.person()
    pay(house, ann, token)
    house.chain.mine(2)
    assert (await house.looked(ann))["status"] == "confirmed"
    house.chain.reorganise(3)
    assert (await house.looked(ann))["status"] == "due"
