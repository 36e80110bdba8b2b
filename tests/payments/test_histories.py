"""Any order of payments, blocks, reorganisations and nodes that are away: what is confirmed is what the chain has."""

import random
from collections.abc import Callable

import pytest

from appliance.payments.rpc import Node
from tests.daemons.process import free_port
from tests.payments.house import PRICE, House, Person

NEEDED = 3
STEPS = 30


class History:
    """One person's, and what can happen next."""

    def __init__(self, house: House, one: Person, seed: int) -> None:
        self._house, self._one = house, one
        self._chance = random.Random(seed)
        self._since = house.chain.head()
        self._away = Node(f"http://127.0.0.1:{free_port()}", 1.0)

    def step(self) -> str:
        """Something happens; what it was."""
        chain, depth = self._house.chain, self._chance.randint(1, NEEDED)
        happens: dict[str, Callable[[], object]] = {
            "enough is paid": lambda: self._house.pay(self._one),
            "too little is paid": lambda: self._house.pay(self._one, PRICE - 1),
            "another pays": lambda: self._house.pay(self._one, payer=chain.accounts()[5]),
            "a block": chain.mine,
        }
        if deepest := min(depth, chain.head() - self._since):
            happens["other blocks"] = lambda: chain.reorganise(deepest)
            happens["other blocks, in which it is paid"] = lambda: self._paid_instead(deepest)
        name = self._chance.choice(list(happens))
        happens[name]()
        return name

    def _paid_instead(self, depth: int) -> None:
        paid = {"from": self._one.wallet, "to": self._house.recipient, "value": hex(PRICE)}
        self._house.chain.ask("anvil_reorg", depth, [[paid, 0]])
        self._house.chain.mine()

    async def look_away(self) -> None:
        """A round of a node that does not answer."""
        _, watch = self._house.made_of(self._away)
        await self._house.due()
        await watch.look()

    def truth(self) -> str:
        """How the payment stands by what the chain has."""
        chain = self._house.chain
        for height in range(self._since + 1, chain.head() + 1):
            for paid in chain.ask("eth_getBlockByNumber", hex(height), True)["transactions"]:
                mine = paid["from"] == self._one.wallet and paid["to"] == self._house.recipient.lower()
                if mine and int(paid["value"], 16) >= PRICE:
                    return "confirmed" if chain.head() - height + 1 >= NEEDED else "seen"
        return "due"


async def lived(house: House, seed: int) -> set[str]:
    """The standings that were come by. Fails where one is not what the chain says."""
    one = await house.person()
    history, came, stood = History(house, one, seed), [], set()
    for number in range(STEPS):
        came.append(history.step())
        if number % 5 == 4:
            before = (await house.payments.standing(one.edition)).status
            await history.look_away()
            assert (await house.payments.standing(one.edition)).status == before, came
        if number % 2:
            continue  # so that several things happen between two looks
        shown = await house.looked(one, 2)
        assert shown["status"] == history.truth(), (seed, came)
        stood.add(shown["status"])
    return stood


async def test_what_is_confirmed_is_what_the_chain_has(house: House) -> None:
    assert await lived(house, 105) == {"due", "seen", "confirmed"}


@pytest.mark.long
@pytest.mark.parametrize("seed", range(200, 240))
async def test_what_is_confirmed_is_what_the_chain_has_in_many_histories(house: House, seed: int) -> None:
    assert await lived(house, seed)
