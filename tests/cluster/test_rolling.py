"""Hosts restarted one after the other, pools added and drained, while photos come in."""

import hashlib
import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509

from storage.server import build
from tests.cluster import shards
from tests.cluster.clients import Client, Load
from tests.cluster.cluster import Cluster
from tests.cluster.harm import examined, redundant, row, whole
from tests.cluster.report import Row
from tests.stack import CHECKOUT

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
    what, found = "another build on all hosts, one after the other under load", f"{max(took):.0f} s each at most"
    record(row(what, client, acknowledged, lost, after, found))
    assert lost == 0
    assert client.counts.failed == 0
    assert running(cluster) == {new}
    put(cluster, usual)  # what was rendered, and so what ./ops/host install asks for


def pids(cluster: Cluster) -> dict[str, int]:
    """Of the storage of each host."""
    return {name: services["storage"].pid for name, services in cluster.services.items()}


def test_an_upgrade_does_not_begin_with_a_doubt(cluster: Cluster, client: Client) -> None:
    before = pids(cluster)
    cluster.services["c"].kill()
    try:
        done = cluster.ops("cluster", "upgrade", *VIA, "--yes", check=False)
    finally:
        cluster.start("c")
    assert done.returncode == 1
    assert "storage is not whole" in done.stderr
    assert "./ops/status" in done.stderr
    assert {**pids(cluster), "c": 0} == {**before, "c": 0}


def test_an_upgrade_stops_at_the_first_doubt(cluster: Cluster, client: Client) -> None:
    """A host dies while the one before it in the row has just come back: those that follow are left alone."""
    whole(client)
    before = pids(cluster)
    command = cluster.database.inside(str(CHECKOUT / "ops/cluster"), "upgrade", *VIA, "--patience", "150", "--yes")
    said = list[str]()
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as upgrade:
        assert upgrade.stderr
        for line in upgrade.stderr:
            said.append(line)
            if line.startswith("a: storage is back"):
                cluster.services["d"].kill()
    after = pids(cluster)
    cluster.start("d")
    assert upgrade.returncode == 1, said
    assert cluster.machines["d"].address in said[-2], said
    assert after["a"] != before["a"]
    assert after["c"] == before["c"]


def test_a_part_that_is_not_well_is_a_doubt(cluster: Cluster, client: Client) -> None:
    """Its process is there, and stays; but what it says of itself is that it can't work."""
    whole(client)
    cluster.machines["b"].run(
        "sh",
        "-c",
        "sed -i 's/^DARKROOM_VALKEY_URL=.*/DARKROOM_VALKEY_URL=\"redis:\\/\\/127.0.0.1:1\"/' /etc/darkroom/api.env",
    )
    try:
        done = cluster.ops("cluster", "upgrade", *VIA, "--together", "--patience", "90", "--yes", check=False)
    finally:
        cluster.install("b")
        cluster.services["b"]["api"].stop()
        cluster.services["b"]["api"].start()
    assert done.returncode == 1
    assert "b is not well" in done.stderr
    assert "api: Unwell" in done.stderr
    assert not [line for line in done.stderr.splitlines() if line.startswith(("c: ", "d: "))], done.stderr
    cluster.wait_ready()


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


def test_the_authority_is_replaced_under_load(cluster: Cluster, client: Client, record: Callable[[Row], None]) -> None:
    """Host by host where certificates of both are met; at the two other steps all restart together."""
    old = issuers(cluster)
    load = Load(client, threads=1, pause=1.0)
    load.wait(5)
    for step, together in (("--rotate", ["--together"]), ("--issue", []), ("--drop-old", ["--together"])):
        cluster.render(step)
        cluster.install()
        done = cluster.ops("cluster", "upgrade", *VIA, *together, "--yes", check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert (issuers(cluster) == old) == (step == "--rotate")
    load.wait(5)
    acknowledged = load.stop()
    began = time.monotonic()
    after = redundant(cluster, began)
    lost = examined(cluster, client, acknowledged)
    record(row("the authority of the hosts replaced under load", client, acknowledged, lost, after))
    assert (lost, client.counts.failed) == (0, 0)
    assert len(issuers(cluster) | old) == 2


def issuers(cluster: Cluster) -> set[str]:
    """Who made the certificates that storage nodes show."""
    shown = (ssl.get_server_certificate((machine.address, 9000)) for machine in cluster.machines.values())
    return {x509.load_pem_x509_certificate(pem.encode()).issuer.rfc4514_string() for pem in shown}


def test_a_pool_takes_the_place_of_another(cluster: Cluster, client: Client, record: Callable[[Row], None]) -> None:
    """Added, filled, and the first one drained into it under load and taken away; its hosts keep their other work."""
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
    drained = cluster.ops("cluster", "decommission", "1", "--yes", check=False)
    assert drained.returncode == 0, drained.stdout + drained.stderr
    assert "complete" in cluster.ops("cluster", "decommission", "1", "--status").stdout
    load.wait(10)
    for name in "abcd":
        assert [shards.objects(disk) for disk in cluster.disks[name]] == [{}, {}]
    nodes = [cluster.services[name]["storage"] for name in "abcd"]
    for name in "abcd":
        cluster.retire(name)
    cluster.render()
    cluster.install()
    began = time.monotonic()
    done = cluster.ops("cluster", "upgrade", *VIA, "--together", "--yes", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for node in nodes:
        node.stop()
    load.wait(10)
    acknowledged = load.stop()
    after = redundant(cluster, began)
    lost = examined(cluster, client, acknowledged)
    record(
        row("a pool added, the first one drained into it and taken away under load", client, acknowledged, lost, after)
    )
    assert (lost, client.counts.failed) == (0, 0)
