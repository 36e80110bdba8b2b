"""A migrated database for each test, and the ledger on top of it."""

import itertools
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.daemons import postgres as daemon
from tests.daemons.postgres import Postgres
from tests.ledger.book import Book

TEMPLATE = "migrated"
_numbers = itertools.count(1)


def migrate(url: str) -> "subprocess.CompletedProcess[str]":
    """Runs the migration as `ops/up` does."""
    env = {"PATH": os.environ["PATH"], "DARKROOM_DATABASE_URL": url}
    command = [sys.executable, "-m", "appliance.ledger.migrate"]
    return subprocess.run(command, env=env, capture_output=True, text=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = daemon.start()
    try:
        done = migrate(server.make(TEMPLATE))
        assert done.returncode == 0, done.stdout + done.stderr
        yield server
    finally:
        server.close()


@pytest.fixture
def database_url(postgres: Postgres) -> Iterator[str]:
    """A database of the test's own, migrated."""
    name = f"test{next(_numbers)}"
    yield postgres.make(name, TEMPLATE)
    postgres.drop(name)


@pytest.fixture
async def book(database_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Book]:
    """The ledger of an appliance with one project, over a pool of 16 connections."""
    monkeypatch.setenv("DARKROOM_DATABASE_URL", database_url)
    from appliance.config import current
    from appliance.ledger.database import engine, pool

    current.cache_clear()
    engine().config = {"dsn": database_url}  # the engine is one for the whole process
    async with pool(16):
        yield await Book.opened()
    current.cache_clear()
