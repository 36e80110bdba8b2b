"""Another S3 and another Postgres for all of these tests."""

from collections.abc import Iterator

import pytest

from tests.daemons import postgres, seaweed


@pytest.fixture(scope="package")
def weed() -> Iterator[seaweed.Seaweed]:
    server = seaweed.start()
    yield server
    server.close()


@pytest.fixture(scope="package")
def database() -> Iterator[postgres.Postgres]:
    server = postgres.start()
    yield server
    server.close()
