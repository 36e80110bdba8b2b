"""Which way of paying is set: none yet, none at all, by an operator's mark; and what settings may be."""

from uuid import uuid4

import pytest

from appliance.accounts.callers import Caller
from appliance.accounts.whose import Whose
from appliance.config import Config, from_environment
from appliance.errors import BadConfiguration, Conflict, NotFound
from appliance.ledger.database import fetch
from appliance.payments.api import on_its_way
from appliance.payments.settings import MOST, ProviderName, smallest, written
from ops import variables
from tests.payments.house import House, user


async def test_where_nothing_is_set_nobody_passes_and_it_is_said_what_to_set(house: House) -> None:
    house.set(payment_provider=ProviderName.UNSET)
    ann = await house.person(begun=False)
    standing = await house.payments.standing(ann.edition)
    assert (standing.status, standing.good, "payment_provider" in standing.reason) == ("unset", False, True)
    assert await house.payments.shown(ann.edition) is None
    assert not await fetch("SELECT FROM profile_payments")
    with pytest.raises(NotFound):
        await house.told(ann, "0x" + "1" * 64)
    house.set(payment_provider=ProviderName.EVM)
    await house.payments.quote(ann.edition, ann.user_id)
    assert (await house.payments.standing(ann.edition)).status == "due"


@pytest.mark.parametrize("name", ["payment_rpc_url", "payment_recipient", "payment_amount", "payment_chain_id"])
async def test_what_a_chain_needs_and_is_not_set_is_named(house: House, name: str) -> None:
    house.set(**{name: type(getattr(house.now, name))()})
    ann = await house.person(begun=False)
    standing = await house.payments.standing(ann.edition)
    assert (standing.status, name in standing.reason) == ("unset", True)


async def test_more_decimals_than_the_token_has_are_not_set_either(house: House) -> None:
    house.set(payment_amount="0.0000001", payment_token_decimals=6)
    ann = await house.person(begun=False)
    assert "payment_amount has more" in (await house.payments.standing(ann.edition)).reason


async def test_passing_without_payment_is_the_operators_setting_and_kept(house: House) -> None:
    house.set(payment_provider=ProviderName.NONE)
    ann = await house.person(begun=False)
    assert await house.payments.standing(ann.edition) == ("waived", "")
    (row,) = await fetch("SELECT provider, status, decided_by, look_at FROM profile_payments")
    assert tuple(row) == ("none", "waived", "settings", None)
    house.set(payment_provider=ProviderName.EVM)
    await house.payments.quote(ann.edition, ann.user_id)
    assert (await house.payments.standing(ann.edition)).good
    with pytest.raises(Conflict):
        await house.told(ann, "0x" + "1" * 64)
    with pytest.raises(Conflict):
        await house.payments.mark(ann.edition, "1", "", "ops")


async def test_what_an_operator_marks_is_paid_once_and_by_whom_is_kept(house: House) -> None:
    house.set(payment_provider=ProviderName.MANUAL, payment_amount="25", payment_token_decimals=2)
    ann, ben = await house.person(1, begun=False), await house.person(2, begun=False)
    shown = await house.payments.shown(ann.edition)
    assert shown
    assert (shown["provider"], shown["status"], shown["amount"], shown["recipient"]) == ("manual", "due", "2500", None)
    await house.looked(ann)
    shown = await house.payments.mark(ann.edition, "bank 4711", "by hand", "rita")
    assert (shown["status"], shown["tx_hash"], shown["reason"]) == ("confirmed", "bank 4711", "by hand")
    assert await house.rung(ann)
    assert (await house.payments.mark(ann.edition, "bank 4711", "", "rita"))["status"] == "confirmed"
    for edition, reference in ((ann.edition, "bank 4712"), (ben.edition, "bank 4711")):
        with pytest.raises(Conflict):
            await house.payments.mark(edition, reference, "", "rita")
    rows = await fetch("SELECT decided_by, paid_at FROM profile_payments ORDER BY decided_by NULLS LAST")
    assert (rows[0]["decided_by"], rows[0]["paid_at"] is not None, rows[1]["decided_by"]) == ("rita", True, None)
    with pytest.raises(Conflict):
        await house.told(ben, "0x" + "1" * 64)


async def test_what_a_chain_confirms_is_for_no_operator_to_mark(house: House) -> None:
    ann = await house.person()
    with pytest.raises(Conflict):
        await house.payments.mark(ann.edition, "1", "", "rita")
    await house.moved(ann, "expired")
    paid = house.pay(ann)
    assert (await house.told(ann, paid))["status"] == "due"


async def test_only_whose_profile_it_is_and_servers_know_of_its_payment(house: House) -> None:
    ann = await house.person()
    for caller in (Caller("own", Whose("users", ann.user_id), limited=True), Caller("key", server=True)):
        assert await on_its_way(ann.profile, caller) == ann.edition
    for other in (Whose("users", "another"), Whose("projects", ann.user_id)):
        with pytest.raises(NotFound) as foreign:
            await on_its_way(ann.profile, Caller("other", other))
        with pytest.raises(NotFound) as unknown:
            await on_its_way(uuid4(), Caller("other", other))
        assert foreign.value.detail == unknown.value.detail
    await house.moved(ann, "expired")
    with pytest.raises(NotFound):
        await on_its_way(ann.profile, Caller("key", server=True))


async def test_who_has_no_wallet_has_nothing_to_pay_from(house: House) -> None:
    ann = await house.person()
    await user("b")
    edition = await house.edition((await fetch("INSERT INTO profiles (user_id) VALUES ('b') RETURNING id"))[0]["id"])
    await house.payments.quote(edition, "b")
    assert "no wallet" in (await house.payments.standing(edition)).reason
    shown = await house.payments.tell(edition, house.pay(ann))
    assert shown["status"] == "due"


@pytest.mark.pure
@pytest.mark.parametrize(
    ("text", "decimals", "units"),
    [("1", 18, 10**18), ("0.005", 6, 5000), ("1.50", 1, 15), ("25", 0, 25), ("0." + "0" * 76 + "1", 77, 1)],
)
def test_amounts_are_whole_numbers_of_the_smallest_unit(text: str, decimals: int, units: int) -> None:
    assert smallest(text, decimals) == units
    assert smallest(written(units, decimals), decimals) == units


@pytest.mark.pure
def test_amounts_that_a_chain_can_not_hold_are_refused() -> None:
    assert written(MOST, 0) == str(MOST)
    for text, decimals in (("0.05", 1), ("9" * 40, 77), ("0.1", 0)):
        with pytest.raises(ValueError, match=r"decimals|hold"):
            smallest(text, decimals)


@pytest.mark.pure
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("PROVIDER", "paypal"),
        ("RECIPIENT", "0x" + "1" * 39),
        ("RECIPIENT", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD"),
        ("TOKEN", "ether"),
        ("AMOUNT", "-1"),
        ("AMOUNT", "0"),
        ("AMOUNT", "1e3"),
        ("AMOUNT", "1,5"),
        ("TOKEN_SYMBOL", "a b"),
        ("CONFIRMATIONS", "0"),
        ("TOKEN_DECIMALS", "78"),
    ],
)
def test_settings_that_can_not_be_are_refused(name: str, text: str) -> None:
    with pytest.raises(BadConfiguration, match=name):
        from_environment({f"DARKROOM_PAYMENT_{name}": text})


@pytest.mark.pure
def test_the_nodes_address_is_a_secret_of_those_who_ask_it() -> None:
    assert [role for role, names in variables.PRIVATE.items() if "PAYMENT_RPC_URL" in names] == ["api", "intake"]
    assert "PAYMENT_RPC_URL" in variables.OURS
    assert "a-key" not in repr(Config(payment_rpc_url="https://node.example/a-key"))
