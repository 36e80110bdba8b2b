"""The drives as the server's administrator sees them. More is asked here than whether the server can write."""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from minio import MinioAdmin
from minio.credentials import StaticProvider

from storage.errors import translated
from storage.signing import REGION
from storage.transport import pool

_WELL = "ok"


def complete(told: Mapping[str, Any]) -> bool:
    """Whether every object can be read, by what the server says of its storage (StorageInfo of its admin API).

    So many drives of a set may be offline, or still be healed, as the lowest parity can do without.
    """
    backend = told["Backend"]
    spare = min(backend["StandardSCParity"], backend["RRSCParity"])
    lacking = Counter((drive["pool_index"], drive["set_index"]) for drive in told["Disks"] if not _full(drive))
    return max(lacking.values(), default=0) <= spare


def _full(drive: Mapping[str, Any]) -> bool:
    return drive.get("state") == _WELL and not drive.get("healing")


def degraded(url: str, root_access: str, root_secret: str) -> list[str]:
    """What keeps the drives of the server at `url` from being complete; empty when all are online and healed.

    Raises StorageUnavailable or StorageError.
    """
    servers = _servers(url, root_access, root_secret)
    problems = []
    for server in servers:
        if server.get("state") != "online":
            problems.append(f"server {server.get('endpoint')} is {server.get('state')}")
        for drive in server.get("drives", []):
            if drive.get("state") != _WELL:
                problems.append(f"drive {drive.get('path')} is {drive.get('state')}")
            elif drive.get("healing"):
                problems.append(f"drive {drive.get('path')} is being healed")
    return problems if servers else ["no server says anything of its drives"]


def counted(url: str, root_access: str, root_secret: str) -> tuple[dict[str, int], int, int, float | None]:
    """Drives by their state (`ok`, `healing`, or what the server calls it), and their free and total bytes.

    Last the free share of the fullest drive that is there, of 1; None where none is. One full drive is enough for
    large objects to be refused.

    Raises StorageUnavailable or StorageError.
    """
    servers = _servers(url, root_access, root_secret)
    found = [drive for server in servers for drive in server.get("drives", [])]
    states = Counter("healing" if drive.get("healing") else str(drive.get("state")) for drive in found)
    free, total = (sum(int(drive.get(of, 0)) for drive in found) for of in ("availspace", "totalspace"))
    shares = [drive["availspace"] / drive["totalspace"] for drive in found if drive.get("totalspace")]
    return dict(states), free, total, min(shares, default=None)


def _servers(url: str, root_access: str, root_secret: str) -> list[dict[str, Any]]:
    parts = urlsplit(url)
    admin = MinioAdmin(
        endpoint=parts.netloc,
        credentials=StaticProvider(root_access, root_secret),
        region=REGION,
        secure=parts.scheme == "https",
        http_client=pool(15.0),
    )
    with translated("the state of the drives"):
        servers: list[dict[str, Any]] = json.loads(admin.info()).get("servers", [])
    return servers
