"""How the storage server is started, alone or as one of several nodes: its command line and its environment."""

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from storage.layout import SIGNING_HOST
from storage.signing import REGION
from storage.topology import Layout, default_parity


@dataclass(frozen=True)
class Command:
    """What to run: the arguments hold no secret, the environment does and is complete (nothing else is to be added)."""

    argv: list[str]
    env: dict[str, str]


@dataclass(frozen=True)
class Node:
    """This server as one of several, which are all started with the same pools and settings."""

    address: str
    """Where it listens for the others and for clients, by TLS."""
    port: int
    pools: Path
    """The file that names the drives of all nodes, as `pools.text` writes it."""
    certs: Path
    """The folder of public.crt, private.key and CAs/, as the server expects it."""
    layout: Layout
    """Of the first pool; its parities are those of all."""


def server(
    binary: Path,
    drives: Sequence[Path],
    port: int,
    root_access: str,
    root_secret: str,
    certs: Path,
    notify: Mapping[str, str] | None = None,
    md5_etags: bool = False,
    stale_hours: int = 72,
    missing: Collection[Path] = (),
) -> Command:
    """A server on 127.0.0.1:`port` that spreads each object over `drives`, folders that exist already.

    Each drive should be a file system of its own; folders on the system's disk are let through, but share its fate.
    `certs` is an empty folder that keeps the server from looking into a home; `notify` is what `setup.notify_env`
    gives. `md5_etags` makes every ETag the MD5 of the bytes, as some clients of S3 expect, which costs a few ms of CPU
    for an object of 4 MB; without it only a client that sends Content-MD5 gets one.
    Parts of uploads that were never ended are removed by the server after `stale_hours`, whoever began them.
    `missing` are those of `drives` where only an empty mount point is now; the server must not be able to write there.
    """
    if len(drives) < 2:
        raise ValueError("one drive has nothing to spread an object over")
    own = {name: os.environ[name] for name in ("PATH", "TZ", "TMPDIR") if name in os.environ}
    env = _environment(root_access, root_secret, stale_hours, default_parity(len(drives)), 1)
    argv = [str(binary), *_options(f"127.0.0.1:{port}", certs, md5_etags), *map(str, drives)]
    # An empty mount point on the system's disk is no reason to take folders on that for drives.
    system = _root_disk([drive for drive in drives if drive not in missing])
    return Command(argv, {**own, "HOME": str(certs), **env, **system, **(notify or {})})


def node(
    program: Sequence[str],
    node: Node,
    root_access: str,
    root_secret: str,
    notify: Mapping[str, str] | None = None,
    md5_etags: bool = False,
    stale_hours: int = 72,
) -> Command:
    """One of several nodes; `program` begins the command line. All but its address is the same for every node: they ask
    each other, and refuse one that is different.
    """
    env = _environment(root_access, root_secret, stale_hours, node.layout.parity, node.layout.reduced)
    argv = [*program, *_options(f"{node.address}:{node.port}", node.certs, md5_etags), "--config", str(node.pools)]
    return Command(argv, {"PATH": os.defpath, "HOME": str(node.certs), **env, **(notify or {})})


def _options(address: str, certs: Path, md5_etags: bool) -> list[str]:
    options = ["server", "--quiet", "--address", address, "--certs-dir", str(certs)]
    return options if md5_etags else [*options, "--no-compat"]


def _environment(root_access: str, root_secret: str, stale_hours: int, parity: int, reduced: int) -> dict[str, str]:
    return {
        "MINIO_ROOT_USER": root_access,
        "MINIO_ROOT_PASSWORD": root_secret,
        # Else a client may be told that its object is stored while that is in memory alone, and goes with the power.
        "MINIO_FS_OSYNC": "on",
        **_closed(),
        **_limits(parity, reduced),
        "MINIO_API_STALE_UPLOADS_EXPIRY": f"{stale_hours}h",
    }


def _closed() -> dict[str, str]:
    return {
        # The console would listen on a free port of every interface, whatever --address says.
        "MINIO_BROWSER": "off",
        "MINIO_UPDATE": "off",
        "MINIO_CALLHOME_ENABLE": "off",
        "MINIO_SITE_REGION": REGION,
        # Browsers come through the edge, which answers for CORS; the server's own default is any origin.
        "MINIO_API_CORS_ALLOW_ORIGIN": f"http://{SIGNING_HOST}",
    }


def _limits(parity: int, reduced: int) -> dict[str, str]:
    return {
        "MINIO_STORAGE_CLASS_STANDARD": f"EC:{parity}",
        # For what can be made again from its original.
        "MINIO_STORAGE_CLASS_RRS": f"EC:{reduced}",
        # A form can be sent again and again until it expires; each time makes a version.
        "MINIO_API_OBJECT_MAX_VERSIONS": "3",
        "MINIO_API_STALE_UPLOADS_CLEANUP_INTERVAL": "6h",
        # Of what its scanner takes up (one object of 1024 in a round) every shard is read. It never comes round to all
        # of them by itself: that is the caretaker's scrub.
        "MINIO_HEAL_BITROTSCAN": "on",
    }


def _root_disk(drives: Sequence[Path]) -> dict[str, str]:
    """Lets folders on the system's disk be drives, by the narrowest switch there is.

    The threshold turns "on the disk of /" into "on a disk of up to this size"; MINIO_CI_CD=1 would lift more.
    """
    system = os.stat("/").st_dev
    if any(os.stat(drive).st_dev == system for drive in drives):
        return {"MINIO_ROOTDRIVE_THRESHOLD_SIZE": "1GiB"}
    return {}
