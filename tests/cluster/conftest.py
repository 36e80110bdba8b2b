"""Four hosts for the tests of this folder, and the table of what came of each fault."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.cluster import report
from tests.cluster.clients import Client
from tests.cluster.cluster import Cluster
from tests.cluster.report import Row

EVERYTHING = ["storage", "database", "api", "worker", "edge"]
HOSTS = {
    "a": EVERYTHING,
    "b": ["storage", "api", "worker", "edge"],
    "c": ["storage", "worker"],
    "d": ["storage"],
}
SETTINGS = {"LEASE_SECONDS": "5"}


@pytest.fixture(scope="session")
def record(request: pytest.FixtureRequest) -> Iterator[Callable[[Row], None]]:
    """Takes the rows of the table in storage/README.md, which is written at the end if --faults-report was given."""
    rows: list[Row] = []
    yield rows.append
    if request.config.getoption("--faults-report"):
        report.write(rows)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Four hosts with two drives each, all parts well; a test leaves them so."""
    with tempfile.TemporaryDirectory(prefix="dk-hosts-") as folder:
        made = Cluster(Path(folder), HOSTS, **SETTINGS)
        try:
            made.up()
            yield made
        finally:
            made.close()


@pytest.fixture
def client(cluster: Cluster) -> Client:
    return Client(cluster)
