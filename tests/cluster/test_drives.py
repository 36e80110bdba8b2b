"""A drive of one host of four is replaced by the command that an operator types there, while photos come in."""

import json
import time
from pathlib import Path

import pytest

from tests.cluster import shards
from tests.cluster.clients import Client, Load
from tests.cluster.cluster import Cluster
from tests.cluster.machine import tool
from tests.stack import CHECKOUT

pytestmark = [pytest.mark.root, pytest.mark.long, pytest.mark.timeout(600)]

DRIVES = str(CHECKOUT / "ops" / "drives")


def test_a_drive_of_a_host_is_replaced_while_photos_come_in(cluster: Cluster, client: Client) -> None:
    """Drives of other hosts have the same paths; this host asks its own node, which knows the state of each."""
    host, old = cluster.machines["c"], cluster.disks["c"][1]
    image = cluster.folder / "spare.img"
    with image.open("wb") as file:
        file.truncate(700 << 20)
    spare = tool("losetup", "--find", "--show", str(image)).strip()
    load = Load(client)
    try:
        load.wait(30)
        rows = {row["drive"]: row for row in listed(cluster) if row["drive"]}
        assert {row["at"] for row in rows.values()} == {f"/srv/darkroom/drives/{number}" for number in (1, 2)}
        assert (rows["2"]["uuid"], rows["2"]["storage"]) == (old.uuid, "ok")
        began = time.monotonic()
        done = host.run(DRIVES, "replace", old.uuid, spare)
        seconds = time.monotonic() - began
        acknowledged = load.stop()
        print(f"{seconds:.0f} s, {len(acknowledged)} photos meanwhile")
        unit = host.read(Path("/etc/systemd/system/srv-darkroom-drives-2.mount"))
        rows = {row["drive"]: row for row in listed(cluster) if row["drive"]}
        fresh = rows["2"]["uuid"]
        assert fresh != old.uuid
        assert f"What=/dev/disk/by-uuid/{fresh}" in unit
        assert f"In the inventory it is {fresh} now" in done.stderr
        assert (rows["2"]["device"], rows["2"]["storage"], rows["2"]["wrong"]) == (spare, "ok", False)
        assert client.counts.failed == 0
        client.wait_ended(list(acknowledged))
        limit = time.monotonic() + 120
        while lacking := shards.lacking(cluster):
            assert time.monotonic() < limit, f"lacking: {lacking[:20]}"
            time.sleep(0.5)
    finally:
        host.run("umount", "--lazy", "/srv/darkroom/drives/2", check=False)
        tool("losetup", "--detach", spare, check=False)


def listed(cluster: Cluster) -> list[dict[str, object]]:
    told = cluster.machines["c"].run(DRIVES, "list", "--json", check=False)
    assert told.returncode in (0, 1), told.stderr
    rows: list[dict[str, object]] = json.loads(told.stdout)["drives"]
    return rows
