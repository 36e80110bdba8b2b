"""The ledger's fixtures, and a Valkey that tests may kill."""

from collections.abc import Iterator

import pytest

from tests.daemons import valkey as queue
from tests.daemons.valkey import Valkey
from tests.ledger.conftest import book, database_url, postgres, shared_url

__all__ = ["book", "database_url", "postgres", "shared_url"]


@pytest.fixture(scope="package")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    server = queue.start(tmp_path_factory.mktemp("live-valkey"))
    yield server
    server.daemon.stop()


@pytest.fixture
def valkey_url(valkey: Valkey) -> str:
    return f"redis://:{valkey.password}@127.0.0.1:{valkey.port}/0"
