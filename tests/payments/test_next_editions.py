"""What was begun for an edition that nobody ever saw: it goes on with the next one, as with the next profile."""

import asyncio
from dataclasses import replace

import pytest

from appliance.errors import NotFound
from appliance.ledger.database import fetch, fetch_one
from appliance.payments import rows
from tests.payments.house import House, Person


async def ended(house: House, one: Person, state: str = "expired") -> Person:
    """The same with the edition after this one, which has ended in that state."""
    await house.moved(one, state)
    following = replace(one, edition=await house.edition(one.profile))
    await house.payments.quote(following.edition, one.user_id)
    return following


async def carried(house: House, one: Person) -> Person:
    """The same with the next edition, which has the payment of this one, as `ledger.open_edition` moves it."""
    await house.moved(one, "expired")
    following = replace(one, edition=await house.edition(one.profile))
    for table in ("profile_payments", "payments_used"):
        await fetch(f"UPDATE {table} SET edition = $2 WHERE edition = $1", one.edition, following.edition)
    return following


async def removed(house: House, one: Person) -> Person:
    """The same with another profile in place of this one."""
    await fetch("SELECT ledger.remove_profile($1, NULL)", one.profile)
    row = await fetch_one("INSERT INTO profiles (user_id) VALUES ($1) RETURNING id", one.user_id)
    assert row
    other = replace(one, profile=row["id"], edition=await house.edition(row["id"]))
    await house.payments.quote(other.edition, one.user_id)
    return other


async def test_what_was_paid_and_not_seen_yet_pays_for_the_next(house: House) -> None:
    ann = await house.person()
    paid = house.pay(ann)
    house.chain.mine(5)
    shown = await house.looked(await ended(house, ann))
    assert (shown["status"], shown["tx_hash"]) == ("confirmed", paid)


async def test_what_was_told_and_is_in_no_block_yet_is_looked_for_further(house: House) -> None:
    ann = await house.person()
    house.chain.automine(False)
    paid = house.pay(ann)
    await house.told(ann, paid)
    following = await ended(house, ann)
    house.chain.automine(True)
    house.chain.mine()
    shown = await house.looked(following)
    assert (shown["status"], shown["tx_hash"]) == ("seen", paid)


async def test_a_price_that_is_lower_now_holds_at_once(house: House) -> None:
    ann = await house.person()
    house.set(payment_amount="0.4")
    house.pay(ann, 10**17)
    enough = house.pay(ann, 4 * 10**17)
    assert (await house.looked(ann))["tx_hash"] == enough
    house.chain.mine(60)
    await house.looked(ann, 3)
    shown = await house.looked(await ended(house, ann), 3)
    assert (shown["amount"], shown["status"], shown["tx_hash"]) == (str(4 * 10**17), "confirmed", enough)


async def test_what_was_seen_on_a_chain_that_is_not_asked_any_more_is_asked_for_anew(house: House) -> None:
    ann = await house.person()
    assert (await house.told(ann, house.pay(ann)))["status"] == "seen"
    following = await carried(house, ann)
    await house.payments.quote(following.edition, ann.user_id)
    assert (await house.payments.standing(following.edition)).status == "seen"
    house.set(payment_chain_id=5)
    await house.payments.quote(following.edition, ann.user_id)
    shown = await house.payments.shown(following.edition)
    assert shown
    assert (shown["status"], shown["chain_id"]) == ("due", 5)
    [used] = await fetch("SELECT edition, owner FROM payments_used")
    assert (used["edition"], used["owner"]) == (None, ann.user_id)


async def test_a_price_that_was_asked_anew_stays_from_then_on(house: House) -> None:
    ann = await house.person()
    await fetch("UPDATE profile_payments SET created_at = now() - interval '73 hours'")
    for price, shown in (("0.7", "0.7"), ("0.9", "0.7")):
        house.set(payment_amount=price)
        ann = await ended(house, ann)
        assert (await house.looked(ann))["amount"] == str(int(float(shown) * 10) * 10**17)


@pytest.mark.parametrize(("hours", "missing"), [(71, ""), (73, "0.2 ETH is missing")])
async def test_its_price_stays_as_long_as_it_was_to_be_paid_in(house: House, hours: int, missing: str) -> None:
    ann = await house.person()
    house.pay(ann)
    await fetch("UPDATE profile_payments SET created_at = now() - make_interval(hours => $1)", hours)
    house.set(payment_amount="0.7")
    shown = await house.looked(await ended(house, ann))
    assert missing in shown["reason"]
    assert shown["status"] == ("due" if missing else "seen")


@pytest.mark.parametrize("changed", ["payment_recipient", "payment_token"])
async def test_what_is_to_be_paid_elsewhere_is_asked_for_anew(house: House, changed: str) -> None:
    ann = await house.person()
    house.pay(ann)
    house.set(**{changed: house.chain.accounts()[8]})
    following = await ended(house, ann)
    [row] = await fetch("SELECT since_block FROM profile_payments WHERE edition = $1", following.edition)
    assert row["since_block"] is None


async def test_after_one_that_was_shown_only_what_is_paid_from_then_on_counts(house: House) -> None:
    ann = await house.person()
    for _ in range(2):
        paid = house.pay(ann)
    house.chain.mine(2)
    assert (await house.told(ann, paid))["status"] == "confirmed"
    await house.moved(ann, "published")
    following = await ended(house, ann)
    [row] = await fetch("SELECT since_block FROM profile_payments WHERE edition = $1", following.edition)
    assert row["since_block"] is None


async def test_a_payment_of_a_profile_that_is_removed_unseen_pays_for_the_next(house: House) -> None:
    ann = await house.person()
    paid = house.pay(ann)
    assert (await house.told(ann, paid))["status"] == "seen"
    other = await removed(house, ann)
    assert (await house.looked(other))["status"] == "seen"
    house.chain.mine(2)
    shown = await house.looked(other)
    assert (shown["status"], shown["tx_hash"]) == ("confirmed", paid)
    [used] = await fetch("SELECT edition, owner FROM payments_used")
    assert (used["edition"], used["owner"]) == (other.edition, None)


async def test_it_is_found_again_whatever_else_was_told_or_paid_too_little(house: House) -> None:
    ann = await house.person()
    assert (await house.told(ann, house.pay(ann)))["status"] == "seen"
    house.set(payment_amount="0.7")
    other = await removed(house, ann)
    assert "0.2 ETH is missing" in (await house.looked(other))["reason"]
    enough = house.pay(ann, 7 * 10**17)
    assert (await house.looked(other))["tx_hash"] == enough
    last = await removed(house, other)
    await house.told(last, "0x" + "1" * 64)
    shown = await house.looked(last)
    assert (shown["status"], shown["tx_hash"]) == ("seen", enough)


async def test_what_was_not_used_before_one_was_shown_is_not_offered_afterwards(house: House) -> None:
    ann = await house.person()
    assert (await house.told(ann, house.pay(ann)))["status"] == "seen"
    house.set(payment_amount="0.7")
    other = await removed(house, ann)
    house.pay(ann, 7 * 10**17)
    house.chain.mine(2)
    assert (await house.looked(other))["status"] == "confirmed"
    await house.moved(other, "processing")
    assert await fetch("SELECT * FROM ledger.publish_edition($1, NULL)", other.edition)
    house.set(payment_amount="0.5")
    following = await ended(house, other)
    [row] = await fetch("SELECT tx_hash, since_block FROM profile_payments WHERE edition = $1", following.edition)
    assert (row["tx_hash"], row["since_block"]) == (None, None)


async def test_whoever_removes_a_profile_while_its_payment_is_noted_loses_none(house: House) -> None:
    for account in range(10, 18):
        one = await house.person(account)
        paid = house.pay(one)
        gone = fetch("SELECT ledger.remove_profile($1, NULL)", one.profile)
        told, done = await asyncio.gather(house.told(one, paid), gone, return_exceptions=True)
        assert isinstance(told, dict | NotFound)
        assert not isinstance(done, BaseException)
    assert not await fetch("SELECT FROM payments_used WHERE edition IS NOT NULL")


async def test_of_a_profile_that_was_seen_it_pays_for_nothing_more(house: House) -> None:
    ann = await house.person()
    paid = house.pay(ann)
    house.chain.mine(2)
    assert (await house.told(ann, paid))["status"] == "confirmed"
    await house.moved(ann, "published")
    other = await removed(house, ann)
    await rows.since(other.edition, house.chain.head() - 3)  # also what other tests have paid is older
    shown = await house.told(other, paid)
    assert (shown["status"], "paid with this transaction already" in shown["reason"]) == ("due", True)


async def test_what_an_operator_marked_can_be_marked_for_the_next_profile(house: House) -> None:
    house.set(payment_provider="manual")
    ann = await house.person(begun=False)
    await house.payments.mark(ann.edition, "bank 4711", "", "rita")
    other = await removed(house, ann)
    assert (await house.payments.mark(other.edition, "bank 4711", "", "rita"))["status"] == "confirmed"
