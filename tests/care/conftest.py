"""Ledger and storage of these tests' own for the rounds, and an appliance whose drives are harmed."""

from collections.abc import Iterator

import pytest

from tests.ledger.conftest import book, database_url, postgres, shared_url, valkey
from tests.stack import SEVERAL, Stack
from tests.upkeep.conftest import house, minio

__all__ = ["book", "database_url", "house", "minio", "postgres", "shared_url", "valkey"]


@pytest.fixture(scope="module")
def cared() -> Iterator[Stack]:
    """An appliance whose caretaker looks twice a second; each test leaves it well."""
    settings = {"DARKROOM_LOOK_SECONDS": "0.5", "DARKROOM_LEASE_SECONDS": "5"}
    # A minute for each object version: no scrub comes to its end while a file waits.
    stack = Stack(**SEVERAL, **settings, DARKROOM_SCRUB_PAUSE_SECONDS="60000")
    try:
        stack.up()
        yield stack
    finally:
        stack.close()
