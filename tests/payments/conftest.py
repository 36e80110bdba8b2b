"""A chain, a database, and the payments of an appliance that is set to take them there."""

from collections.abc import AsyncIterator, Iterator

import pytest

from appliance.config import Config
from tests.daemons import anvil
from tests.daemons.anvil import Anvil
from tests.ledger.book import Book
from tests.ledger.conftest import book, database_url, postgres, shared_url, valkey
from tests.payments.house import House

__all__ = ["book", "database_url", "postgres", "shared_url", "valkey"]


@pytest.fixture(scope="package")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Anvil]:
    node = anvil.start(tmp_path_factory.mktemp("chain"))
    yield node
    node.stop()


@pytest.fixture
async def house(book: Book, chain: Anvil) -> AsyncIterator[House]:
    """Payments of the chain's own coin, which count after three blocks."""
    chain.automine(True)
    made = House(
        chain,
        Config(
            payment_provider="evm",
            payment_rpc_url=chain.url,
            payment_chain_id=anvil.CHAIN_ID,
            payment_recipient=chain.accounts()[9],
            payment_amount="0.5",
            payment_confirmations=3,
            payment_watch_seconds=0.0,
        ),
    )
    yield made
    await made.close()
