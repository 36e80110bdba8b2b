"""Where an operator types verbs: on the host of ledger and queue, whose data folder is as that of one machine."""

import json

from ops.clusters import description, hosted
from ops.clusters.description import Cluster, Host
from ops.credentials import Credentials, load
from ops.folder import OF_A_HOST, DataFolder
from ops.services import Plan

INVENTORY = "inventory.toml"


def texts(cluster: Cluster, host: Host, credentials: Credentials) -> dict[str, str]:
    """By name, what the data folder of `host` gets; they hold every secret."""
    return {
        OF_A_HOST: json.dumps({"host": host.name}),
        INVENTORY: cluster.text,
        "secrets.json": json.dumps(vars(credentials)),
    }


def cluster(folder: DataFolder) -> Cluster:
    """The inventory that this host was installed with. Raises description.BadInventory."""
    return description.load(folder.path / INVENTORY)


def plan(folder: DataFolder) -> Plan:
    """What runs on this host. Raises description.BadInventory."""
    all_hosts = cluster(folder)
    host = next(one for one in all_hosts.hosts if one.name == folder.read(OF_A_HOST)["host"])
    return hosted.plan(all_hosts, host, load(folder, {}))
