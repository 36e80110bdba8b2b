"""Hosts restarted one after the other, pools added and drained, while photos come in."""

import hashlib
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from storage.server import build
from tests.cluster import shards
from tests.cluster.clients import Client, Load
from tests.cluster.cluster import Cluster
from tests.cluster.harm import examined, redundant, row
from tests.cluster.report import Row

pytestmark = [pytest.mark.root, pytest.mark.long, pytest.mark.timeout(900)]

VIA = ("--via", "reach {host}")


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Another build of the pinned module: the same sources, compiled for processors from 2009 on."""
    with pytest.MonkeyPatch.context() as set_here:
        set_here.setenv("GOAMD64", "v2")
        return build.build(tmp_path_factory.mktemp("other-build"))


def put(cluster: Cluster, server: Path) -> None:
    """The storage server of every host is this one, from its next start on."""
    script = "cd /opt/darkroom/servers/*/ && cat > minio.new && chmod 755 minio.new && mv minio.new minio"
    for machine in cluster.machines.values():
        with server.open("rb") as content:
            subprocess.run(machine.inside("sh", "-ec", script), stdin=content, check=True, timeout=120)


def running(cluster: Cluster) -> set[str]:
    """SHA-256 of the binaries that nodes run, whatever is installed there now."""
    pids = [services["storage"].pid for services in cluster.services.values()]
    return {hashlib.sha256(Path(f"/proc/{pid}/exe").read_bytes()).hexdigest() for pid in pids}


def test_an_upgrade_host_by_host_fails_no_request(
    cluster: Cluster, client: Client, record: Callable[[Row], None], other: Path, tmp_path: Path
) -> None:
    usual = tmp_path / "usual"
    shutil.copyfile(f"/proc/{cluster.services['a']['storage'].pid}/exe", usual)
    new = hashlib.sha256(other.read_bytes()).hexdigest()
    (old,) = running(cluster)
    assert new != old
    put(cluster, other)
    load = Load(client, threads=2, pause=1.0)
    load.wait(20)
    done = cluster.ops("cluster", "upgrade", *VIA, "--yes", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    load.wait(20)
    acknowledged = load.stop()
    began = time.monotonic()
    after = redundant(cluster, began)
    lost = examined(cluster, client, acknowledged)
    took = [float(seconds) for seconds in re.findall(r"storage is back and whole after ([\d.]+) s", done.stderr)]
    assert len(took) == 4
    what = f"another build on all hosts, one after the other under load, {max(took):.0f} s each at most"
    record(row(what, client, acknowledged, lost, after))
    assert lost == 0
    assert client.counts.failed == 0
    assert running(cluster) == {new}
    put(cluster, usual)  # what was rendered, and so what ./ops/host install asks for


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
