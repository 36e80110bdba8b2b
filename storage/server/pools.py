"""The drives of all nodes, as the server reads them: its configuration file of version v2. Pure.

Source: minio, internal/config/server.go and buildDisksLayoutFromConfFile in cmd/endpoint-ellipses.go. Of the drives of
a pool the first of each node are taken, then the second, and so on; each run of a set's size is a set. So a set has the
same share of every node.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Pool:
    """Hosts with equally many drives, in sets of `set_drives`."""

    hosts: Sequence[str]
    """host:port of each node."""
    drives: Sequence[str]
    """The folders of the drives, absolute, the same on each host."""
    set_drives: int


def text(pools: Sequence[Pool]) -> str:
    """The file, in JSON, which is YAML as well."""
    told = [{"args": endpoints(pool), "set-drive-count": pool.set_drives} for pool in pools]
    return json.dumps({"version": "v2", "pools": told}, indent=1) + "\n"


def endpoints(pool: Pool) -> list[str]:
    return [f"https://{host}{drive}" for host in pool.hosts for drive in pool.drives]
