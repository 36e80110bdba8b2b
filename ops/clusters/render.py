"""Writes what each host of the inventory needs into a folder of its own, and keeps what all of that is made from."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ops import credentials, planning
from ops.clusters import libraries
from ops.clusters.authority import Authority, Pair, Step
from ops.clusters.description import Cluster, Host
from ops.clusters.files import File, Material, Server, files
from ops.clusters.places import MANIFEST
from ops.folder import DataFolder

STATE = "secret"
"""Passwords, keys and the authority: whoever has this folder is every host. To be kept, and kept safe."""
FILES = "files"


@dataclass(frozen=True)
class Change:
    """What rendering changed for a host: paths there."""

    host: str
    written: list[str]
    removed: list[str]


def written(of: Material, out: Path) -> list[Change]:
    """Brings `out`/HOST for each host to what is made from `of`; what has not changed is left as it is.

    Raises ValueError for what can't stand in a file, and OSError.
    """
    cluster = of.cluster
    changes = [_write(out / host.name, files(of, host), host) for host in cluster.hosts]
    named = {host.name for host in cluster.hosts}
    # What an earlier rendering wrote, and nothing else that may lie there.
    for manifest in sorted(out.glob(f"*/{FILES}{MANIFEST}")):
        host = manifest.relative_to(out).parts[0]
        if host not in named:
            changes.append(Change(host, [], ["everything: the inventory no longer names this host"]))
            shutil.rmtree(out / host)
    return changes


def material(
    cluster: Cluster, out: Path, server: Server, given: Pair | None = None, step: Step | None = None
) -> Material:
    """What all files are made from: kept in `out` since an earlier rendering, or made. `server` runs on all nodes;
    `given` is a certificate for the public addresses; `step` is taken in replacing the authority.

    Raises ValueError, and OSError.
    """
    given_libraries = libraries.read(cluster)
    state = out / STATE
    if out.exists() and not state.exists() and any(out.iterdir()):
        raise ValueError(f"{out} has other things in it: name an empty or a new folder with --out")
    for folder in (out, state):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    authority = Authority(state)
    authority.ensure()
    if step:
        authority.replace(step)
    return Material(cluster, credentials.load(DataFolder(state), {}), authority, server, given, given_libraries)


def server(cache: Path, say: Callable[[str], None]) -> Server:
    """The pinned build with its hash, made if need be: every node is compared with it. Raises build.BuildFailed."""
    binary = planning.pinned_server(cache, say)
    return Server(binary.parent.name, sha256(binary.read_bytes()).hexdigest())


def _write(folder: Path, made: list[File], host: Host) -> Change:
    """Brings `folder` to `made`."""
    top = folder / FILES
    wanted = {top / file.path.relative_to("/"): file for file in made}
    there = {path for path in top.rglob("*") if path.is_file()} if top.exists() else set()
    written = [str(file.path) for path, file in wanted.items() if _put(path, file)]
    removed = sorted(there - set(wanted))
    for path in removed:
        path.unlink()
    return Change(host.name, written, [f"/{path.relative_to(top)}" for path in removed])


def _put(path: Path, file: File) -> bool:
    """Whether the file had to be written. Here it is for the owner of the folder alone, whatever it is for the host."""
    if path.exists() and path.read_bytes() == file.content:
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(file.content)
    return True
