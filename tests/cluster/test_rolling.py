"""Hosts restarted one after the other, pools added and drained, while photos come in."""

import hashlib
import time
from collections.abc import Callable

import pytest

from tests.cluster import shards
from tests.cluster.clients import Client, Load
from tests.cluster.cluster import Cluster
from tests.cluster.harm import examined, redundant, row
from tests.cluster.report import Row

pytestmark = [pytest.mark.root, pytest.mark.long, pytest.mark.timeout(900)]

VIA = ("--via", "reach {host}")


OTHER = "cp $one $one.before; cp $one $one.new; echo >> $one.new; chmod 755 $one.new; mv $one.new $one"
BEFORE = "mv $one.before $one"


def builds(cluster: Cluster, change: str) -> None:
    """On every host another build of the commit (a file that differs, as with a raised library), or the old one."""
    for machine in cluster.machines.values():
        machine.run("sh", "-ec", f"for one in /opt/darkroom/servers/*/minio; do {change}; done")


def test_an_upgrade_host_by_host_fails_no_request(
    cluster: Cluster, client: Client, record: Callable[[Row], None]
) -> None:
    builds(cluster, OTHER)
    before = {name: services["storage"].pid for name, services in cluster.services.items()}
    load = Load(client, threads=2, pause=1.0)
    load.wait(20)
    done = cluster.ops("cluster", "upgrade", *VIA, "--yes", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    load.wait(20)
    acknowledged = load.stop()
    began = time.monotonic()
    after = redundant(cluster, began)
    lost = examined(cluster, client, acknowledged)
    record(row("all hosts upgraded one after the other under load", client, acknowledged, lost, after))
    assert lost == 0
    assert client.counts.failed == 0
    now = {services["storage"].pid for services in cluster.services.values()}
    assert not set(before.values()) & now
    builds(cluster, BEFORE)


def test_an_upgrade_stops_at_the_first_doubt(cluster: Cluster, client: Client) -> None:
    before = {name: services["storage"].pid for name, services in cluster.services.items()}
    cluster.services["c"].kill()
    try:
        done = cluster.ops("cluster", "upgrade", *VIA, "--yes", check=False)
    finally:
        cluster.start("c")
    assert done.returncode == 1
    assert "storage is not whole" in done.stderr
    assert "./ops/status" in done.stderr
    assert {name: services["storage"].pid for name, services in cluster.services.items() if name != "c"} == {
        name: pid for name, pid in before.items() if name != "c"
    }


def test_other_settings_are_no_matter_of_one_host_after_the_other(cluster: Cluster) -> None:
    """Nodes refuse each other then; that is said before the first of them is restarted."""
    before = {name: services["storage"].pid for name, services in cluster.services.items()}
    cluster.settings["CLEAN_HOURS"] = "30"  # it stands in the server's own settings
    cluster.render()
    cluster.install()
    done = cluster.ops("cluster", "upgrade", *VIA, "--yes", check=False)
    assert done.returncode == 1
    assert "runs with other settings, pools or another commit" in done.stderr
    assert {name: services["storage"].pid for name, services in cluster.services.items()} == before
    together = cluster.ops("cluster", "upgrade", *VIA, "--together", "--yes", check=False)
    assert together.returncode == 0, together.stdout + together.stderr
    assert not {services["storage"].pid for services in cluster.services.values()} & set(before.values())


def test_a_pool_is_added_and_drained_again(cluster: Cluster, client: Client, record: Callable[[Row], None]) -> None:
    load = Load(client, threads=2, pause=1.0)
    load.wait(30)
    for name in ("e", "f"):
        cluster.add(name, ["storage"], pool=2, drives=4)  # a set of 8, as the first pool's: all have its parity
    cluster.render()
    cluster.install()
    cluster.mount("e", "f")
    cluster.start("e", "f")
    done = cluster.ops("cluster", "expand", *VIA, "--yes", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "storage has 2 pools" in done.stderr
    load.wait(60)
    assert sum(len(shards.objects(disk)) for disk in cluster.disks["e"]) > 0
    drained = cluster.ops("cluster", "decommission", "2", "--yes", check=False)
    assert drained.returncode == 0, drained.stdout + drained.stderr
    load.wait(10)
    acknowledged = load.stop()
    lost = examined(cluster, client, acknowledged)
    record(row("a pool of two hosts added, filled and drained under load", client, acknowledged, lost, None))
    assert lost == 0
    assert client.counts.failed == 0
    status = cluster.ops("cluster", "decommission", "2", "--status").stdout
    assert "complete" in status
    for image, sha256 in list(acknowledged.items())[:20]:
        assert hashlib.sha256(client.bytes_of(image, "original")).hexdigest() == sha256
