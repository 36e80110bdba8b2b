"""What the tests of the processors share."""

from collections.abc import AsyncIterator, Iterator

import pytest

from processors.sandbox.sandbox import Sandbox
from tests.processors.canary import Canary


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox of the test's own, ready to work."""
    async with Sandbox() as started:
        yield started


@pytest.fixture
def canary() -> Iterator[Canary]:
    made = Canary()
    yield made
    made.close()
