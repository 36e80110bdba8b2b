"""What the tests of the processors share."""

from collections.abc import AsyncIterator

import pytest

from processors.sandbox import Sandbox


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    """A sandbox of the test's own, ready to work."""
    async with Sandbox() as started:
        yield started
