"""When it is given up that somebody pays, and who is looked at meanwhile."""

from datetime import UTC, datetime, timedelta

from appliance.ledger.database import fetch
from tests.payments.house import House, Person


def ago(**time: float) -> datetime:
    return datetime.now(UTC) - timedelta(**time)


async def missed(house: House, one: Person, deadline: datetime) -> bool:
    return await house.payments.missed(one.edition, deadline)


async def test_it_is_given_up_once_the_chain_was_searched_to_its_deadline(house: House) -> None:
    ann = await house.person()
    deadline = ago(minutes=1)
    assert not await missed(house, ann, ago(minutes=-1))
    assert not await missed(house, ann, deadline)
    house.chain.mine()
    await house.looked(ann)
    assert await missed(house, ann, deadline)
    assert not await missed(house, ann, ago(minutes=-1))


async def test_a_search_that_is_not_at_the_chains_end_gives_nothing_up(house: House) -> None:
    ann = await house.person()
    house.chain.mine(120)
    deadline = ago(minutes=1)
    await house.looked(ann)
    assert not await missed(house, ann, deadline)
    await house.looked(ann, 2)
    assert await missed(house, ann, deadline)


async def test_who_is_far_behind_keeps_nobody_from_being_found(house: House) -> None:
    ann = await house.person(1)
    house.chain.mine(200)
    ben = await house.person(2)
    paid = house.pay(ben)
    assert (await house.looked(ben))["tx_hash"] == paid
    late = house.pay(ann)
    assert (await house.looked(ann, 5))["tx_hash"] == late


async def test_nor_do_those_between_wait_for_the_furthest(house: House) -> None:
    ann, ben, cleo = [await house.person(account) for account in (1, 2, 3)]
    await fetch("UPDATE profile_payments SET since_block = 0 WHERE edition = $1", ann.edition)
    house.chain.mine(800)
    await fetch("UPDATE profile_payments SET since_block = $2 WHERE edition = $1", ben.edition, house.chain.head() - 1)
    paid = house.pay(ben)
    house.chain.mine(90)
    assert (await house.looked(cleo))["tx_hash"] is None
    assert (await house.looked(ben))["tx_hash"] == paid


async def test_confirmations_that_are_many_keep_nobody_behind(house: House) -> None:
    house.set(payment_confirmations=200)
    ann = await house.person()
    house.chain.mine(300)
    await house.looked(ann, 8)
    assert await missed(house, ann, ago(minutes=1))
    paid = house.pay(ann)
    assert (await house.looked(ann))["tx_hash"] == paid


async def test_what_is_in_a_block_is_waited_for_while_its_chain_is_asked(house: House) -> None:
    ann = await house.person()
    assert (await house.told(ann, house.pay(ann)))["status"] == "seen"
    assert not await missed(house, ann, ago(hours=99))
    house.set(payment_chain_id=5)
    assert not await missed(house, ann, ago(hours=23))
    assert await missed(house, ann, ago(hours=25))


async def test_who_told_of_a_transaction_is_waited_for_a_day_more(house: House) -> None:
    ann = await house.person()
    await house.told(ann, "0x" + "1" * 64)
    house.chain.mine()
    await house.looked(ann)
    assert not await missed(house, ann, ago(hours=23))
    assert await missed(house, ann, ago(hours=25))


async def test_a_node_that_is_away_is_waited_for_a_day(house: House) -> None:
    ann = await house.person()
    assert not await missed(house, ann, ago(hours=23))
    assert await missed(house, ann, ago(hours=25))


async def test_what_an_operator_marks_or_nobody_is_asked_for_has_its_deadline_alone(house: House) -> None:
    for provider in ("manual", ""):
        house.set(payment_provider=provider)
        one = await house.person(1 + bool(provider), begun=False)
        assert await missed(house, one, ago(seconds=1))
        assert not await missed(house, one, ago(seconds=-60))


async def test_who_came_before_it_was_said_what_to_pay_is_looked_at_once_it_is(house: House) -> None:
    house.set(payment_provider="")
    ann = await house.person(begun=False)
    await house.rung(ann)
    await house.watch.look()
    assert not await house.rung(ann)
    house.set(payment_provider="evm")
    await house.watch.look()
    assert await house.rung(ann)
    await house.watch.look()
    assert not await house.rung(ann)


async def test_what_was_asked_for_on_another_chain_says_so_and_asks_no_node(house: House) -> None:
    ann = await house.person()
    await house.told(ann, house.pay(ann))
    await fetch("UPDATE profile_payments SET status = 'due'")
    house.set(payment_chain_id=5)
    shown = await house.looked(ann)
    assert (shown["status"], "on another chain" in shown["reason"]) == ("due", True)


async def test_a_change_of_what_is_missing_is_told_to_the_gates(house: House) -> None:
    ann = await house.person()
    await house.told(ann, house.pay(ann, 10**17))
    assert await house.rung(ann)
    await house.told(ann, house.pay(ann, 2 * 10**17))
    assert await house.rung(ann)
