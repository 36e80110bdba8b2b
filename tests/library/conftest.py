from collections.abc import Iterator

import pytest

from tests.ledger.conftest import book, database_url, postgres, shared_url, valkey
from tests.library.house import House

__all__ = ["book", "database_url", "postgres", "shared_url", "valkey"]


@pytest.fixture(scope="package")
def house() -> Iterator[House]:
    """One for all tests that leave it running: each has libraries and folders of its own."""
    made = House()
    yield made
    made.close()
