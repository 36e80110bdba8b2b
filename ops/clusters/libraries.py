"""The workflows of the libraries of hosts: JSON files beside the inventory, checked before any host is given them."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

from appliance.library import workflow
from ops.clusters.description import BadInventory, Cluster, Host

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,90}\.json")


def read(cluster: Cluster) -> dict[str, dict[str, bytes]]:
    """By host, and by the names that they have there: the files. Raises BadInventory."""
    found: dict[str, dict[str, bytes]] = {}
    hosts: dict[str, Path] = {}
    for host in cluster.of_role("library"):
        files = dict(_files(cluster, host))
        for path, content in files.items():
            name = _checked(path, content, host).name
            if other := hosts.get(name):
                raise BadInventory(f"{path}: {other} is called {name!r} already, and each library is one host's")
            hosts[name] = path
        found[host.name] = {path.name: content for path, content in files.items()}
    return found


def _files(cluster: Cluster, host: Host) -> Iterator[tuple[Path, bytes]]:
    if cluster.beside is None:
        raise BadInventory(f"host {host.name}: its workflows are looked for beside a file, and there is none")
    folder = cluster.beside / host.workflows
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise BadInventory(f"host {host.name}: {folder} has no workflow, a file named *.json")
    for path in paths:
        if not NAME.fullmatch(path.name):
            raise BadInventory(f"{path}: name it of letters, digits and . _ - alone")
        try:
            yield path, path.read_bytes()
        except OSError as error:
            raise BadInventory(f"{path} can't be read: {error.strerror}") from error


def _checked(path: Path, content: bytes, host: Host) -> workflow.Workflow:
    try:
        made = workflow.read(content)
    except workflow.Unfit as error:
        raise BadInventory(f"{path}: {error}\n  → ./ops/library schema prints what a workflow may hold.") from error
    if made.source.bucket:
        raise BadInventory(f"{path}: on several hosts a library is in a folder: no host is given the key of a bucket")
    if not _inside(made.source.folder, host):
        raise BadInventory(
            f"{path}: {made.source.folder} is in none of the libraries of host {host.name}: {', '.join(host.libraries)}"
        )
    return made


def _inside(folder: str, host: Host) -> bool:
    real = Path(os.path.normpath(folder))
    return any(Path(one) in (real, *real.parents) for one in host.libraries)
