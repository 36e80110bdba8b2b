"""What all tests share: one running appliance for the whole session, started when the first test asks for it."""

from collections.abc import Iterator

import pytest

from tests.stack import SEVERAL, Stack


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of tests/faults; pytest knows only those that are made here, whatever folder is asked for."""
    group = parser.getgroup("faults")
    group.addoption("--faults-seed", type=int, metavar="N", help="try the same random moments again")
    group.addoption("--faults-report", action="store_true", help="write the table in tests/faults/README.md")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A whole appliance with default settings. Tests make projects of their own in it and leave it running and well."""
    made = Stack(**SEVERAL, DARKROOM_MEDIA_WORKERS="1")
    try:
        made.up()
        yield made
    finally:
        made.close()
