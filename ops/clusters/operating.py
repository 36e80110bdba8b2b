"""Where an operator types verbs: on the host of ledger and queue, whose data folder is as that of one machine."""

import json
import os
from dataclasses import asdict
from typing import Any

from ops.clusters import description, hosted
from ops.clusters.description import Cluster, Host
from ops.credentials import Credentials, load
from ops.folder import OF_A_HOST, DataFolder
from ops.program import STARTED
from ops.services import Plan

INVENTORY = "inventory.toml"


def texts(cluster: Cluster, host: Host, credentials: Credentials) -> dict[str, str]:
    """By name, what the data folder of `host` gets; they hold every secret."""
    return {
        OF_A_HOST: json.dumps({"host": host.name}),
        INVENTORY: cluster.text,
        "secrets.json": json.dumps(vars(credentials)),
        "site.json": json.dumps(asdict(hosted.site(cluster))),
    }


def cluster(folder: DataFolder) -> Cluster:
    """The inventory that this host was installed with. Raises description.BadInventory."""
    return description.load(folder.path / INVENTORY)


def state(folder: DataFolder) -> dict[str, Any]:
    """The parts of this host, as a supervisor would tell of them; how each is has to be asked."""
    all_hosts = cluster(folder)
    found = hosted.parts(all_hosts, _this(folder, all_hosts), load(folder, {}))
    rows: list[dict[str, Any]] = [
        {"name": part.name, "role": part.role, "port": part.port, "once": part.once}
        | {"state": "finished" if part.once else "running", "pid": 0, "health": "", "restarts": 0, "began": 0.0}
        for part in found
    ]
    return {"phase": "ready", "parts": rows}


def plan(folder: DataFolder) -> Plan:
    """What runs on this host. Raises description.BadInventory."""
    all_hosts = cluster(folder)
    return hosted.plan(all_hosts, _this(folder, all_hosts), load(folder, {}))


def server(folder: DataFolder) -> str | None:
    """The storage server that the node of this host runs; None on one machine, which looks for its own, or without."""
    found = folder.read(STARTED).get("server") if folder.hosted() else None
    return found if found and os.access(found, os.X_OK) else None


def _this(folder: DataFolder, all_hosts: Cluster) -> Host:
    return next(one for one in all_hosts.hosts if one.name == folder.read(OF_A_HOST)["host"])
