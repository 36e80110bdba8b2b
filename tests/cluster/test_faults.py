"""What is done to four hosts while photos come in: nothing that was acknowledged is lost, and all of it comes back."""

import hashlib
import signal
import time
from collections.abc import Mapping
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.cluster import shards
from tests.cluster.clients import Client, Load
from tests.cluster.cluster import Cluster
from tests.cluster.harm import Record, examined, harmed, redundant, row

pytestmark = [pytest.mark.root, pytest.mark.timeout(600)]


@pytest.mark.long
def test_health_is_told_in_sentences_on_the_host_of_the_ledger(cluster: Cluster, client: Client) -> None:
    asked = cluster.ops("status", check=False)
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert "any one node may fail before writes stop" in asked.stdout
    told = client.call("GET", "/cluster")
    assert len(told["nodes"]) == 4
    assert all(node["online"] for node in told["nodes"])
    assert {one["drives"] for one in told["sets"]} == {8}


def test_a_node_is_killed_under_load_and_nothing_is_lost(cluster: Cluster, client: Client) -> None:
    """Which shards it missed is seen, not waited for: that takes two minutes, see below."""
    load = Load(client)
    load.wait(10)
    cluster.services["d"].kill()
    try:
        load.wait(15)
    finally:
        missed = len(shards.lacking(cluster))
        cluster.start("d")
    acknowledged = load.stop()
    assert missed >= 50
    assert examined(cluster, client, acknowledged) == 0
    assert client.counts.failed == 0


@pytest.mark.long
def test_a_node_is_killed_under_load_and_heals_when_it_returns(
    cluster: Cluster, client: Client, record: Record
) -> None:
    def returns() -> None:
        missed = len(shards.lacking(cluster))
        cluster.start("d")
        assert missed >= 200

    what = "a storage host killed under load, started again after 60 files (300 writes)"
    assert harmed(cluster, client, record, what, cluster.services["d"].kill, returns, 60) == (0, 0)


@pytest.mark.long
def test_a_host_that_does_everything_but_the_ledger_is_killed(cluster: Cluster, client: Client, record: Record) -> None:
    """Its edge, API, worker and storage at once: clients go to another edge, and its jobs to another worker."""
    what = "a host with edge, API, worker and storage killed under load, started again after 60 files"
    killed, returns = cluster.services["b"].kill, partial(cluster.start, "b")
    assert harmed(cluster, client, record, what, killed, returns, 60) == (0, 0)


def test_other_programs_use_every_edge_and_miss_no_host(cluster: Cluster) -> None:
    assert cluster.ops("bucket", "create", "films", "--quota", "100M").returncode == 0
    made = cluster.ops("key", "create", "--bucket", "films").stdout
    key = dict(line.split("=", 1) for line in made.splitlines() if "=" in line)
    first, second = (program(cluster, key, url) for url in cluster.s3_urls)
    first.put_object(Bucket="films", Key="one", Body=b"1" * 3_000_000)
    cluster.services["d"].kill()
    try:
        second.put_object(Bucket="films", Key="two", Body=b"2")
        assert [row["Key"] for row in first.list_objects_v2(Bucket="films")["Contents"]] == ["one", "two"]
        assert second.get_object(Bucket="films", Key="one")["Body"].read() == b"1" * 3_000_000
        with pytest.raises(ClientError, match="AccessDenied"):
            second.list_objects_v2(Bucket="originals")
    finally:
        cluster.start("d")
    assert cluster.ops("bucket", "list").stdout.count("films") == 1


def program(cluster: Cluster, key: Mapping[str, str], url: str) -> Any:
    """A client of S3 as another program in the house makes it; it tries again as boto3 does by itself."""
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name=key["AWS_REGION"],
        aws_access_key_id=key["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=key["AWS_SECRET_ACCESS_KEY"],
        verify=str(cluster.authority),
    )


@pytest.mark.long
def test_two_of_four_are_lost(cluster: Cluster, client: Client, record: Record) -> None:
    """Reads go on. No link is given, and a form that was given before is refused; it is good again afterwards."""
    load = Load(client)
    load.wait(30)
    acknowledged = load.stop()
    client.wait_ended(list(acknowledged))
    form = client.form(10**6)
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
    assert client.sent(form) == 503
    began = time.monotonic()
    cluster.start("c", "d")
    cluster.wait_ready(60)
    assert client.sent(form) == 201
    acknowledged[form.image] = form.sha256
    after = redundant(cluster, began)
    lost = examined(cluster, client, acknowledged)
    record(
        row(
            "two of four hosts lost: reads go on, links and forms are refused with 503",
            client,
            acknowledged,
            lost,
            after,
        )
    )
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
