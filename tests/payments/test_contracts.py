"""Wallets that are contracts sign in by what they say themselves (EIP-1271)."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from appliance.accounts.signatures import digest
from appliance.accounts.tickets import Tickets
from appliance.accounts.wallets import Wallets
from appliance.config import Settings
from appliance.errors import NotAuthenticated, Unavailable
from appliance.ledger.database import fetch
from appliance.payments.contracts import Contracts
from appliance.payments.rpc import Node
from appliance.quotas.newcomers import Newcomers
from appliance.valkey import quick
from tests.daemons.anvil import CHAIN_ID, Anvil
from tests.daemons.process import free_port
from tests.daemons.valkey import Valkey
from tests.payments.house import House

URL = "https://darkroom.example"


class Door:
    """What lets wallets in, with this node."""

    def __init__(self, valkey: Valkey, node: Node, settings: Settings) -> None:
        self._redis = quick(f"redis://:{valkey.password}@127.0.0.1:{valkey.port}/0")
        self.wallets = Wallets(
            Tickets(self._redis, "wallet"), Contracts(node), Newcomers(self._redis, settings), settings
        )

    async def enter(self, address: str, sign: Anvil, account: str) -> str:
        """The id of the user who comes by this wallet, for which this account signs."""
        message = (await self.wallets.challenge(URL, address, CHAIN_ID)).message
        signature = bytes.fromhex(sign.sign(account, message)[2:])
        return (await self.wallets.let_in(URL, message, signature))[0].id

    async def close(self) -> None:
        await self._redis.aclose()


@pytest.fixture
async def door(house: House, valkey: Valkey) -> AsyncIterator[Door]:
    made = Door(valkey, house.node, house)
    yield made
    await made.close()


def contract(chain: Anvil, owner: str) -> str:
    return chain.deploy("wallet", chain.accounts()[0], f"{owner[2:].lower():0>64}")


async def test_a_contract_is_let_in_by_whom_it_listens_to_and_is_one_user(house: House, door: Door) -> None:
    owner, other = house.chain.accounts()[3:5]
    wallet = contract(house.chain, owner)
    user = await door.enter(wallet, house.chain, owner)
    assert await door.enter(wallet, house.chain, owner) == user
    (row,) = await fetch("SELECT address, user_id FROM wallets")
    assert (row["address"], row["user_id"]) == (wallet.lower(), user)
    with pytest.raises(NotAuthenticated, match="not that of this wallet"):
        await door.enter(wallet, house.chain, other)


async def test_its_owner_is_another_user_than_the_contract(house: House, door: Door) -> None:
    owner = house.chain.accounts()[3]
    wallet = contract(house.chain, owner)
    assert await door.enter(wallet, house.chain, owner) != await door.enter(owner, house.chain, owner)


async def test_what_is_no_contract_or_answers_otherwise_lets_nobody_in(house: House, door: Door) -> None:
    owner, nobody = house.chain.accounts()[3:5]
    for address in (nobody, house.chain.token(owner)):
        with pytest.raises(NotAuthenticated):
            await door.enter(address, house.chain, owner)


async def test_a_contract_of_another_chain_than_the_nodes_is_not_asked(house: House) -> None:
    owner = house.chain.accounts()[3]
    wallet, hashed = contract(house.chain, owner), digest("hello")
    signature = bytes.fromhex(house.chain.sign(owner, "hello")[2:])
    contracts = Contracts(house.node)
    await contracts.must_have_signed(wallet, CHAIN_ID, hashed, signature)
    with pytest.raises(NotAuthenticated, match="another chain"):
        await contracts.must_have_signed(wallet, 1, hashed, signature)


async def test_while_the_node_is_away_a_contract_is_told_to_come_back(house: House, valkey: Valkey) -> None:
    owner = house.chain.accounts()[3]
    node = Node(f"http://127.0.0.1:{free_port()}", 1.0)
    door = Door(valkey, node, replace(house.now, payment_chain_id=0))
    with pytest.raises(Unavailable):
        await door.enter(contract(house.chain, owner), house.chain, owner)
    assert await door.enter(owner, house.chain, owner)
    await door.close()
    await node.close()
