"""Pools of drives that were added one after the other, and the draining of one, as the server's administrator does it.

minio-py has none of it. Sources: minio, cmd/admin-handlers-pools.go and cmd/erasure-server-pool-decom.go.
"""

import json
from dataclasses import dataclass
from typing import Any

from storage.transport import Transport, pool

SECONDS = 30.0


@dataclass(frozen=True)
class Drain:
    """How the draining of a pool stands. Bytes and object versions are those that were moved so far."""

    began: str
    complete: bool
    failed: bool
    cancelled: bool
    objects: int
    objects_failed: int
    bytes: int
    total_bytes: int
    """On its drives when it began; 0 where the server does not say."""

    @property
    def running(self) -> bool:
        return not (self.complete or self.failed or self.cancelled)


@dataclass(frozen=True)
class Pool:
    name: str
    """What the server calls it, and what is given to it back."""
    drain: Drain | None


class Pools:
    """All methods raise StorageUnavailable or StorageError."""

    def __init__(self, url: str, access: str, secret: str) -> None:
        self._transport = Transport(url, access, secret, pool(SECONDS))

    def all(self) -> list[Pool]:
        """Those in use, in the order in which the server was given them."""
        told = json.loads(self._transport.send("GET", "minio", "admin/v3/pools/list").data)
        return [_pool(one) for one in told]

    def drain(self, one: Pool) -> None:
        """Begins to move what is in this pool to the others; nothing new is put there meanwhile."""
        self._transport.send("POST", "minio", "admin/v3/pools/decommission", {"pool": one.name})

    def cancel(self, one: Pool) -> None:
        """Ends the draining; what was moved stays where it is now."""
        self._transport.send("POST", "minio", "admin/v3/pools/cancel", {"pool": one.name})


def _pool(told: dict[str, Any]) -> Pool:
    return Pool(str(told["cmdline"]), _drain(told.get("decommissionInfo") or {}))


def _drain(told: dict[str, Any]) -> Drain | None:
    if not told.get("startTime") or str(told["startTime"]).startswith("0001-"):
        return None
    total = max(0, int(told.get("totalSize", 0)) - int(told.get("startSize", 0)))
    return Drain(
        began=str(told["startTime"]),
        complete=bool(told.get("complete")),
        failed=bool(told.get("failed")),
        cancelled=bool(told.get("canceled")),
        objects=int(told.get("objectsDecommissioned", 0)),
        objects_failed=int(told.get("objectsDecommissionedFailed", 0)),
        bytes=int(told.get("bytesDecommissioned", 0)),
        total_bytes=total,
    )
