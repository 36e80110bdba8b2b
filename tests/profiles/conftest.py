"""An appliance that takes payments on a chain of its own, whose people have wallets there."""

from collections.abc import Iterator

import pytest

from tests.appliance import pictures
from tests.chats.people import House
from tests.daemons import anvil
from tests.daemons.anvil import COIN, Anvil
from tests.profiles.people import Author
from tests.profiles.wallets import Moderator, Wallet
from tests.stack import Stack

RECIPIENT = "0x000000000000000000000000000000000000dEaD"
PRICE = "0.01"
PAYING = {
    "DARKROOM_PAYMENT_PROVIDER": "evm",
    "DARKROOM_PAYMENT_CHAIN_ID": str(anvil.CHAIN_ID),
    "DARKROOM_PAYMENT_RECIPIENT": RECIPIENT,
    "DARKROOM_PAYMENT_AMOUNT": PRICE,
    "DARKROOM_PAYMENT_CONFIRMATIONS": "3",
    "DARKROOM_PAYMENT_WATCH_SECONDS": "0.2",
    "DARKROOM_PROFILE_GRACE_HOURS": "0",
}
AMOUNT = COIN // 100


@pytest.fixture(scope="package")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anvil]:
    node = anvil.start(tmp_path_factory.mktemp("chain"))
    yield node
    node.daemon.stop()


@pytest.fixture(scope="package")
def paying(chain: Anvil) -> Iterator[Stack]:
    """The appliance; what it is told of the chain is as an operator tells it."""
    stack = Stack(**PAYING, DARKROOM_PAYMENT_RPC_URL=chain.url, DARKROOM_MEDIA_WORKERS="1")
    try:
        stack.up()
        yield stack
    finally:
        stack.close()


@pytest.fixture(scope="package")
def accounts(chain: Anvil) -> Iterator[str]:
    """Of the chain, each for one test."""
    return iter(chain.accounts())


@pytest.fixture
def lena(paying: Stack, chain: Anvil, accounts: Iterator[str]) -> Wallet:
    return Wallet(paying, chain, next(accounts))


@pytest.fixture
def oleg(paying: Stack, chain: Anvil, accounts: Iterator[str]) -> Wallet:
    return Wallet(paying, chain, next(accounts))


@pytest.fixture
def vera(paying: Stack) -> Moderator:
    return Moderator(paying)


@pytest.fixture(scope="package")
def picture() -> bytes:
    return pictures.jpeg(640, 480)


@pytest.fixture
def house(stack: Stack) -> House:
    return House(stack)


@pytest.fixture
def anna(house: House) -> Author:
    return Author(house.stack, house.server, "anna")


@pytest.fixture
def ben(house: House) -> Author:
    return Author(house.stack, house.server, "ben")
