"""What is done to four hosts while photos come in: nothing that was acknowledged is lost, and all of it comes back."""

import hashlib
import signal
import time
from functools import partial

import pytest

from tests.cluster.clients import Client, Load
from tests.cluster.cluster import Cluster
from tests.cluster.harm import Record, examined, harmed, redundant, row

pytestmark = [pytest.mark.root, pytest.mark.timeout(600)]


def test_health_is_told_in_sentences_on_the_host_of_the_ledger(cluster: Cluster, client: Client) -> None:
    asked = cluster.ops("status", check=False)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert "any one node may fail before writes stop" in asked.stdout
    told = client.call("GET", "/cluster")
    assert len(told["nodes"]) == 4
    assert all(node["online"] for node in told["nodes"])
    assert {one["drives"] for one in told["sets"]} == {8}


def test_a_node_is_killed_under_load_and_heals_when_it_returns(
    cluster: Cluster, client: Client, record: Record
) -> None:
    what = "a storage host killed under load, started again after 60 files (300 writes)"
    killed, returns = cluster.services["d"].kill, partial(cluster.start, "d")
    assert harmed(cluster, client, record, what, killed, returns, 60) == (0, 0)


@pytest.mark.long
def test_two_of_four_are_lost(cluster: Cluster, client: Client, record: Record) -> None:
    load = Load(client)
    load.wait(30)
    acknowledged = load.stop()
    client.wait_ended(list(acknowledged))
    for name in ("c", "d"):
        cluster.services[name].kill()
    limit = time.monotonic() + 30
    while cluster.ready(cluster.edges[0]) == "ok":
        assert time.monotonic() < limit
        time.sleep(0.2)
    for image, sha256 in acknowledged.items():
        assert hashlib.sha256(client.bytes_of(image, "original")).hexdigest() == sha256
    body = {"filename": "a.jpg", "project_id": client.project}
    status, headers = client.answered("POST", "/images/", body, client.token)
    assert status == 503
    assert int(headers["Retry-After"]) > 0
    began = time.monotonic()
    cluster.start("c", "d")
    cluster.wait_ready(60)
    image, sha256 = client.upload(10**6)
    acknowledged[image] = sha256
    after = redundant(cluster, began)
    lost = examined(cluster, client, acknowledged)
    record(row("two of four hosts lost: reads go on, links are refused with 503", client, acknowledged, lost, after))
    assert lost == 0


@pytest.mark.long
def test_a_cable_is_cut(cluster: Cluster, client: Client, record: Record) -> None:
    cut = cluster.machines["c"]
    what = "the cable of a host cut, mended after 100 files"
    assert harmed(cluster, client, record, what, cut.cut, cut.mend) == (0, 0)


@pytest.mark.long
def test_a_node_hangs(cluster: Cluster, client: Client, record: Record) -> None:
    node = cluster.services["d"]["storage"]
    stop, go_on = partial(node.send, signal.SIGSTOP), partial(node.send, signal.SIGCONT)
    what = "a storage node stopped (SIGSTOP) for 60 files"
    assert harmed(cluster, client, record, what, stop, go_on, 60) == (0, 0)
