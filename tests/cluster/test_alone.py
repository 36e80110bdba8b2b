"""An inventory of one: a single machine with four drives, whose parts are units like those of many."""

import hashlib
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.clients import Client
from tests.cluster.cluster import Cluster
from tests.cluster.conftest import EVERYTHING
from tests.cluster.harm import redundant
from tests.stack import CHECKOUT

pytestmark = [pytest.mark.root, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def alone() -> Iterator[Cluster]:
    with tempfile.TemporaryDirectory(prefix="dk-hosts-") as folder:
        made = Cluster(Path(folder), {"a": EVERYTHING}, drives=4)
        try:
            made.up()
            yield made
        finally:
            made.close()


@pytest.mark.long
def test_a_host_that_is_alone_does_all_the_work(alone: Cluster) -> None:
    client = Client(alone)
    image, sha256 = client.upload(1)
    client.wait_ended([image])
    assert hashlib.sha256(client.bytes_of(image, "original")).hexdigest() == sha256
    redundant(alone, 0.0)
    asked = alone.ops("status", check=False)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert "1 more drive may fail" in asked.stdout
    told = json.loads(alone.database.run(str(CHECKOUT / "ops/drives"), "list", "--json").stdout)
    assert [row["storage"] for row in told["drives"] if row["drive"]] == ["ok"] * 4


@pytest.mark.long
def test_its_one_node_is_restarted_as_one_of_many(alone: Cluster) -> None:
    before = alone.services["a"]["storage"].pid
    done = alone.ops("cluster", "upgrade", "--yes", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert alone.services["a"]["storage"].pid != before
    alone.wait_ready()
