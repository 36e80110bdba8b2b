"""What the container of a part is given: files, places to write to, and how much it may take up. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from appliance.files import precedence
from ops import gateway, wires
from ops.clusters import operating, places
from ops.clusters.description import Host
from ops.folder import OF_A_HOST, DataFolder
from ops.inventory import BACKFILL, Part

FOLDER = DataFolder(places.DATA)
OPERATOR = "ops"
"""The service in which an operator types verbs; no part."""

URGENT = {"urgent": places.DATA / precedence.FOLDER}
"""Where workers of photos note that they are at one, for those that stand still meanwhile."""


@dataclass(frozen=True)
class Limits:
    """Memory as Docker writes it; processes; shares of a core, None: as many as there are."""

    memory: str
    processes: int = 128
    cores: str | None = "1"
    shared: str = ""
    """Memory of /dev/shm, where 64 MB are too little."""
    weight: int | None = None
    """Shares of the cores where they do not suffice for all, of 1024 that every other container has."""


LIMITS = {
    # Shared buffers are 256 MB, and each of up to 200 connections is a process.
    "database": Limits("2g", 512, None, "256m"),
    # maxmemory is 1 GB; while the log is written anew there are two of it for a moment.
    "queue": Limits("2g"),
    "storage": Limits("4g", 4096, None),
    "api": Limits("2g", 512, None),
    # A child that decodes may hold 3 GB before its worker ends it, and says so; the container's own limit comes after.
    "worker": Limits("4g", 512, None),
    "edge": Limits("1g", 512, None),
    "network": Limits("512m", 512),
}
OTHERS = Limits("512m")


@dataclass(frozen=True)
class Needs:
    files: Sequence[Path] = ()
    """Rendered files, or folders of them, besides the part's own variables and the inventory."""
    volumes: Mapping[str, Path] = field(default_factory=dict)
    """By name, what has to outlive the container."""
    scratch: Sequence[Path] = ()
    """Folders in memory."""
    folders: Sequence[Path] = ()
    """Folders of the machine, each under a variable of its own, that have the same path in the container."""


_BY_NAME = {
    "wires": Needs(files=[places.DATA / wires.FOLDER, places.TLS]),
    "gateway": Needs(
        files=[places.DATA / gateway.FOLDER, places.TLS / "ca.crt"], scratch=[places.DATA / gateway.FOLDER / "caddy"]
    ),
    "postgres": Needs(volumes={"data": places.DATA}),
    "caretaker": Needs(volumes={"data": places.DATA}),
    "backups": Needs(volumes={"data": places.DATA}),
    "valkey": Needs(files=[FOLDER.valkey], volumes={"valkey": FOLDER.valkey}),
    "buckets": Needs(files=[places.TLS / "ca.crt"]),
    # What the one leaves there, the other looks for at each writing of another program.
    "room": Needs(volumes={"s3": FOLDER.edge_s3}),
    "edge": Needs(files=[FOLDER.edge], volumes={"s3": FOLDER.edge_s3}, scratch=[FOLDER.edge / "caddy"]),
    OPERATOR: Needs(
        files=[places.DATA / name for name in (OF_A_HOST, operating.INVENTORY, "secrets.json")],
        volumes={"data": places.DATA},
    ),
}


def of(host: Host, name: str) -> Needs:
    """What the part `name` of `host` is given, or OPERATOR."""
    if name == "storage":
        drives = {f"drive{number}": places.drive(number) for number in range(1, len(host.drives) + 1)}
        # Events that could not be told yet, and the name that this node's program is known by.
        return Needs(files=[places.NODE], volumes={**drives, "storage": FOLDER.storage})
    if name.startswith("worker-media-"):
        return Needs(volumes={"scratch": FOLDER.scratch, **URGENT})  # videos are too large for memory
    if name.startswith("worker-images-"):
        return Needs(volumes=URGENT)
    if name.startswith(BACKFILL):
        # Of what is in a bucket copies are worked on.
        kept = {"scratch": FOLDER.scratch, **URGENT}
        return Needs(files=[places.LIBRARY], volumes=kept, folders=[Path(folder) for folder in host.libraries])
    return _BY_NAME.get(name, Needs())


def limits(part: Part) -> Limits:
    found = LIMITS.get(part.role, OTHERS)
    # As CPUWeight=10 of its unit, of 100.
    return replace(found, weight=102) if part.name.startswith(BACKFILL) else found


def variable(folder: Path) -> str:
    """By which an operator says what is mounted there."""
    return f"DARKROOM_LIBRARY_{re.sub('[^A-Z0-9]', '_', folder.name.upper())}"


def source(folder: Path) -> str:
    """What is mounted there, as a compose file has it: what the variable says, or a folder beside the file."""
    return f"${{{variable(folder)}:-./libraries/{folder.name}}}"
