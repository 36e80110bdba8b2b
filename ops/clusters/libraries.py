"""The workflows of the libraries of hosts: JSON files beside the inventory, checked before any host is given them; and
beside each that is of a bucket the file of its key.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from appliance.library import workflow
from appliance.library.buckets import clients
from ops.clusters.description import BadInventory, Cluster, Host

NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,90}\.json")


@dataclass(frozen=True)
class Given:
    """What a host is given for its libraries, by the names that the files have there."""

    workflows: Mapping[str, bytes]
    keys: Mapping[str, bytes]
    """Each a secret, ACCESS:SECRET."""
    outwards: bool
    """Whether it has to reach another S3 than the appliance's own."""


def read(cluster: Cluster) -> dict[str, Given]:
    """By host. Raises BadInventory, which shows nothing of a key."""
    found: dict[str, Given] = {}
    named: dict[str, Path] = {}
    for host in cluster.of_role("library"):
        files = dict(_files(cluster, host))
        made = {path: _checked(path, content, host) for path, content in files.items()}
        for path, one in made.items():
            if other := named.get(one.name):
                raise BadInventory(f"{path}: {other} is called {one.name!r} already, and each library is one host's")
            named[one.name] = path
        found[host.name] = Given(
            {path.name: content for path, content in files.items()},
            {one.source.key_file: _key(path, one.source.key_file) for path, one in made.items() if one.source.bucket},
            any(one.source.endpoint for one in made.values()),
        )
    return found


def _key(path: Path, name: str) -> bytes:
    """The file of a key beside the workflow at `path`: kept as well here as it has to be on the host."""
    try:
        clients.read(path.with_name(name))
        return path.with_name(name).read_bytes()
    except OSError as error:
        remedy = "Put the key of the bucket there, ACCESS:SECRET, mode 0600; render gives it to this host alone."
        raise BadInventory(f"{path}: {error.strerror}\n  → {remedy}") from error


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
    if made.source.folder and not _inside(made.source.folder, host):
        named = ", ".join(host.libraries) or "it has none"
        raise BadInventory(f"{path}: {made.source.folder} is in none of the libraries of host {host.name}: {named}")
    return made


def _inside(folder: str, host: Host) -> bool:
    real = Path(os.path.normpath(folder))
    return any(Path(one) in (real, *real.parents) for one in host.libraries)
