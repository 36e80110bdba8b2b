"""The drives of each erasure set as the server's administrator sees them, and what it would cost to take one away."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from minio import MinioAdmin
from minio.credentials import StaticProvider

from storage.errors import translated
from storage.signing import REGION
from storage.topology import writes_without
from storage.transport import pool

WELL = "ok"


@dataclass(frozen=True)
class Healing:
    """The server's own count of what it puts on a fresh drive (madmin, HealingDisk)."""

    finished: bool
    healed: int
    """Object versions."""
    failed: int
    objects: int
    """How many the server thinks there are; 0 until its scanner has been round once."""
    bytes_done: int


@dataclass(frozen=True)
class Drive:
    path: str
    host: str
    """host:port of its node; "" where there is one server only."""
    pool: int
    set: int
    state: str
    """`ok`, or what the server calls it: offline, unformatted, permission-denied, …"""
    healing: bool
    total: int
    used: int
    """Bytes."""
    heal: Healing | None = None

    @property
    def complete(self) -> bool:
        return self.state == WELL and not self.healing

    def __str__(self) -> str:
        return "being healed" if self.healing else self.state


@dataclass(frozen=True)
class Sets:
    """All drives of a server or cluster, and how many of a set the objects can do without."""

    drives: tuple[Drive, ...]
    originals: int
    versions: int
    """Parity of each."""

    def others(self, drive: Drive) -> list[Drive]:
        """The drives of the same set."""
        return [one for one in self.drives if (one.pool, one.set) == (drive.pool, drive.set) and one != drive]

    def objection(self, drive: Drive) -> str:
        """Why `drive` can't be taken away now: what would stop, and what to wait for. "" if it can.

        A drive that the server does not use takes nothing away with it.
        """
        if drive.state != WELL:
            return ""
        others = self.others(drive)
        away = [one for one in others if not one.complete]
        spare = min(writes_without(len(others) + 1, parity) for parity in (self.originals, self.versions))
        if len(away) + 1 <= spare:
            return ""
        if not away:
            return f"a set of {len(others) + 1} drives with this parity takes no uploads without one of them"
        named = ", ".join(f"{one.host}{one.path} is {one}" for one in away)
        return f"its set can do without {spare}, and has others that are not complete: {named}"


def asked(url: str, root_access: str, root_secret: str, authority: Path | None = None) -> Sets:
    """What the server at `url` says; `authority` is the file of certificates that vouch for it.

    Raises StorageUnavailable or StorageError.
    """
    parts = urlsplit(url)
    admin = MinioAdmin(
        endpoint=parts.netloc,
        credentials=StaticProvider(root_access, root_secret),
        region=REGION,
        secure=parts.scheme == "https",
        http_client=pool(15.0, authority),
    )
    with translated("the state of the drives"):
        return read(json.loads(admin.info()))


def read(told: Mapping[str, Any]) -> Sets:
    """The sets in the answer to ServerInfo of the server's admin API (madmin, InfoMessage)."""
    backend = told.get("backend", {})
    drives = [_drive(drive) for server in told.get("servers", []) for drive in server.get("drives", [])]
    return Sets(tuple(drives), backend.get("standardSCParity", 0), backend.get("rrSCParity", 0))


def _drive(told: Mapping[str, Any]) -> Drive:
    # A drive that is away has no path, but an endpoint, which is a path where there is one server only.
    endpoint = urlsplit(told.get("endpoint", ""))
    return Drive(
        path=told.get("path") or endpoint.path,
        host=endpoint.netloc,
        pool=told.get("pool_index", 0),
        set=told.get("set_index", 0),
        state=told.get("state", "unknown"),
        healing=bool(told.get("healing")),
        total=told.get("totalspace", 0),
        used=told.get("usedspace", 0),
        heal=_healing(told["heal_info"]) if told.get("heal_info") else None,
    )


def _healing(told: Mapping[str, Any]) -> Healing:
    return Healing(
        finished=bool(told.get("finished")),
        healed=told.get("items_healed", 0),
        failed=told.get("items_failed", 0),
        objects=told.get("objects_total_count", 0),
        bytes_done=told.get("bytes_done", 0),
    )
