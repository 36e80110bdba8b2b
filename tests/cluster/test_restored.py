"""Four hosts lose everything that they stored; a backup on other disks brings all of it back."""

import hashlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable

import pytest

from ops.folder import RESTORING
from ops.inventory import STORES
from tests.cluster import shards
from tests.cluster.clients import Client, Load
from tests.cluster.cluster import Cluster
from tests.cluster.harm import examined, redundant, row
from tests.cluster.report import Row
from tests.stack import CHECKOUT

pytestmark = [pytest.mark.root, pytest.mark.long, pytest.mark.timeout(900)]

STORE = "/srv/store"
"""Of the host of ledger and queue; not what it loses."""


def wiped(cluster: Cluster) -> None:
    """Every host with nothing on it but the system, and the store on one of them; its drives are new ones."""
    for name, machine in cluster.machines.items():
        cluster.services[name].kill()
        for disk in cluster.disks[name]:
            disk.unmount()
            disk.detach()
            disk.make()
        folders = ("/var/lib/darkroom", "/etc/darkroom", "/opt/darkroom/servers", "/opt/darkroom/code")
        machine.run("sh", "-c", f"rm -rf {' '.join(folders)} /etc/systemd/system/darkroom* /etc/systemd/system/srv-*")


def only_what_stores(cluster: Cluster) -> None:
    here = cluster.database.name
    for name, services in cluster.services.items():
        for part in ("storage", *(("postgres", "gateway") if name == here else ())):
            services[part].start()


def hashes(client: Client, images: list[str]) -> dict[str, str]:
    """SHA-256 of every version of these, by image and version."""
    found = {}
    for image in images:
        for version in client.image(image)["versions"]:
            found[f"{image} {version}"] = hashlib.sha256(client.bytes_of(image, version)).hexdigest()
    return found


def begin_and_kill(cluster: Cluster) -> None:
    """A restore that dies once some objects are there: what it did stays, and so does its mark."""
    command = cluster.database.inside(str(CHECKOUT / "ops/restore"), "--from", STORE)
    begun = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    limit = time.monotonic() + 120
    while len(shards.objects(cluster.disks["b"][0])) < 10:
        assert time.monotonic() < limit
        assert begun.poll() is None, begun.stderr and begun.stderr.read()
        time.sleep(0.05)
    os.killpg(begun.pid, signal.SIGKILL)
    begun.wait()


def test_all_is_there_again_after_every_host_was_wiped(
    cluster: Cluster, client: Client, record: Callable[[Row], None]
) -> None:
    load = Load(client)
    load.wait(60)
    acknowledged = load.stop()
    client.wait_ended(list(acknowledged))
    before = hashes(client, list(acknowledged))
    assert len(before) > 2 * len(acknowledged)
    done = cluster.ops("backup", "--to", STORE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

    drilled = cluster.ops("drill", "--from", STORE, "--json", check=False)
    assert drilled.returncode == 0, drilled.stdout + drilled.stderr
    assert json.loads(drilled.stdout)["objects"] > 2 * len(acknowledged)

    refused = cluster.ops("restore", "--from", STORE, check=False)
    assert refused.returncode == 2
    assert "parts are at work" in refused.stderr
    assert "systemctl stop darkroom.target" in refused.stderr

    wiped(cluster)
    began = time.monotonic()
    cluster.install()
    cluster.mount()
    only_what_stores(cluster)
    begin_and_kill(cluster)
    others = [unit for part, unit in cluster.services[cluster.database.name].units.items() if part not in STORES]
    for unit in others:
        unit.start()
    time.sleep(2)
    assert not [unit.name for unit in others if unit.running], "started from half of a backup"
    done = cluster.ops("restore", "--from", STORE, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "systemctl start darkroom.target" in done.stdout
    for services in cluster.services.values():
        for unit in services.units.values():
            if not unit.running:
                unit.start()
    cluster.wait_ready()
    assert hashes(client, list(acknowledged)) == before
    lost = examined(cluster, client, acknowledged)
    after = redundant(cluster, began)
    record(row("everything on all hosts wiped, then restored from a backup", client, acknowledged, lost, after))
    assert lost == 0
    image, sha256 = client.upload(10**6)
    client.wait_ended([image])
    assert hashlib.sha256(client.bytes_of(image, "original")).hexdigest() == sha256


def test_over_what_is_there_nothing_is_restored(cluster: Cluster) -> None:
    """After the one before: there are a ledger and files, and no mark of a restore that has not ended."""
    for services in cluster.services.values():
        services.stop()
    only_what_stores(cluster)
    refused = cluster.ops("restore", "--from", STORE, check=False)
    assert refused.returncode == 2
    assert "already" in refused.stderr
    assert "make the drives anew" in refused.stderr
    assert cluster.database.run("test", "-e", f"/var/lib/darkroom/data/{RESTORING}", check=False).returncode == 1
