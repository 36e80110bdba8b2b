"""Appliances to do harm to, the seed of all that is random, and the table of what came of it."""

import random
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from tests.faults import report
from tests.faults.links import Linked
from tests.faults.trial import Row, Trial
from tests.faults.volume import Volume
from tests.stack import SEVERAL, Stack

SETTINGS = {**SEVERAL, "DARKROOM_LEASE_SECONDS": "5"}
"""A dead worker's job is taken back after 5 seconds instead of 30: a test waits for that over and over."""


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """What decides all that is random; printed, and to be given again with --faults-seed."""
    given = request.config.getoption("--faults-seed")
    return int(given) if given is not None else random.SystemRandom().randrange(10**6)


@pytest.fixture(scope="session")
def record(request: pytest.FixtureRequest) -> Iterator[Callable[[Row], None]]:
    """Takes the rows of the table, which is written at the end if --faults-report was given."""
    rows: list[Row] = []
    yield rows.append
    if request.config.getoption("--faults-report"):
        report.write(rows)


@pytest.fixture(scope="package")
def mortal() -> Iterator[Stack]:
    """The appliance whose processes are killed, stopped and flooded; each test leaves it well."""
    stack = Stack(**SETTINGS, DARKROOM_MEDIA_WORKERS="1")
    try:
        stack.up()
        yield stack
    finally:
        stack.close()


@pytest.fixture(scope="module")
def linked(seed: int) -> Iterator[Linked]:
    """An appliance with a relay on each link to its edge, Postgres, Valkey and storage."""
    made = Linked(random.Random(seed), **SETTINGS)
    try:
        made.up()
        yield made
    finally:
        made.close()


@pytest.fixture(scope="package")
def brittle() -> Iterator[tuple[Stack, Volume]]:
    """An appliance all of whose data is on a file system of its own, whose power can be cut. Needs root."""
    stack = Stack(**SETTINGS)
    volume = Volume(stack.folder / "disk.img", stack.data, 2048)
    try:
        stack.up()
        yield stack, volume
    finally:
        # A test that failed may have left no power, and then there is nothing to end.
        with suppress(AssertionError):
            stack.down()
        volume.close()
        shutil.rmtree(stack.folder)


@pytest.fixture
def begin(seed: int, record: Callable[[Row], None]) -> Callable[..., Trial]:
    """Begins a trial of a fault on an appliance, see Trial."""
    # Shown by pytest where the test fails.
    print(f"to try the same again: --faults-seed {seed}")
    return lambda stack, fault, servers=None, url=None: Trial(stack, fault, seed, record, servers, url)
