"""What all tests share: one running appliance for the whole session, started when the first test asks for it."""

import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from httpx import _config

from tests.stack import SEVERAL, Stack


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options of tests/faults; pytest knows only those that are made here, whatever folder is asked for."""
    group = parser.getgroup("faults")
    group.addoption("--faults-seed", type=int, metavar="N", help="try the same random moments again")
    group.addoption("--faults-report", action="store_true", help="write the table in tests/faults/README.md")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Only where tests run side by side."""
    from tests.together import Together

    return Together(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever uses a browser runs in the loop of the browser, see tests/web/conftest.py."""
    for item in items:
        if "driver" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session", autouse=True)
def certificates_are_read_once() -> Iterator[None]:
    """Each client of httpx would read those of this machine anew, which takes 30 ms of CPU: as long as many a test."""
    usual, own = ssl.create_default_context(), _config.create_ssl_context

    def context(verify: Any = True, *args: Any, **options: Any) -> ssl.SSLContext:
        return usual if verify is True else own(verify, *args, **options)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("httpx._transports.default.create_ssl_context", context)
        yield


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """A whole appliance with default settings. Tests make projects of their own in it and leave it running and well."""
    made = Stack(**SEVERAL, DARKROOM_MEDIA_WORKERS="1")
    try:
        made.up()
        yield made
    finally:
        made.close()
