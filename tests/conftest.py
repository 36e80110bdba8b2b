"""What all tests share: one running appliance for the whole session, started when the first test asks for it."""

from collections.abc import Iterator

import pytest

from tests.stack import Stack


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A whole appliance with default settings. Tests make projects of their own in it and leave it running and well."""
    made = Stack()
    try:
        made.up()
        yield made
    finally:
        made.close()
