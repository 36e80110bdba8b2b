"""What has come back since storage was looked at last, and so lacks what was written meanwhile. Pure.

The server heals a new drive by itself, and nothing else: neither a drive nor a node that was away for a time.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from storage.health import Cluster, Drive

UNSEEN_SECONDS = 120.0
"""After so long without a look anything may have happened."""
UNFORMATTED = "unformatted"
EARLIER_SECONDS = 600.0
"""What began so long before a drive was seen to be away may have ended without it."""
SETTLE_SECONDS = 60.0
"""So long after a return other nodes may not have connected to it yet, and write around it: they try to at most every
30 s (exponentialBackoffWait of the server's internal/rest/client.go), and look for drives every 15
(defaultMonitorConnectEndpointInterval of cmd/erasure-sets.go). What they could not write there they try once more after
a second (healRoutine of cmd/mrf.go), and then never.
"""
CLOCK_SECONDS = 10.0
"""How far a node's start, told as whole seconds since, may seem to move by itself."""


@dataclass
class Seen:
    """What the last look saw: of each drive whether it was whole, of each node when it was started."""

    at: float
    """Seconds since 1970, of the one who looked."""
    drives: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By endpoint: its `uuid`; since when it has not been whole or had no room (`lacking`), or None; whether it was a
    fresh one meanwhile (`fresh`): the server may give that the `uuid` of the one before; and whether all it lacked was
    room (`full`).
    """
    nodes: dict[str, float] = field(default_factory=dict)
    settling: float = 0.0
    """When something came back that other nodes may write around; 0 while there is none."""

    @property
    def settles_at(self) -> float | None:
        return self.settling + SETTLE_SECONDS if self.settling else None

    def told(self) -> dict[str, Any]:
        return asdict(self)


class Return(NamedTuple):
    """Why storage is to be healed. `since`: seconds since 1970; what is older can't lack. None: anything can."""

    why: str
    since: float | None


def looked(cluster: Cluster, now: float, before: Seen | None) -> tuple[Seen, list[Return]]:
    """What this look saw, and what has come back since the one before; nothing at the first look there ever was."""
    seen = Seen(now, nodes={node.name: now - node.uptime for node in cluster.nodes if node.online})
    came: list[Return] = []
    for drive in cluster.drives:
        known = before.drives.get(drive.endpoint) if before else None
        seen.drives[drive.endpoint] = {"uuid": drive.uuid or (known or {}).get("uuid", ""), "lacking": None}
        if not drive.whole or drive.full:
            seen.drives[drive.endpoint] |= _lacking(drive, known or {}, now)
        elif known and (why := _why(drive, known)):
            came.append(Return(why, _lacks_since(drive, known)))
    if before:
        seen.nodes = before.nodes | seen.nodes
        came += _restarted(cluster, seen, before) or _unseen(now, before)
        came += _settled(cluster, seen, before, came)
    return seen, came


def _settled(cluster: Cluster, seen: Seen, before: Seen, came: list[Return]) -> list[Return]:
    """A second time for what came back, if that was a while ago. Notes in `seen` what has still to settle."""
    if came and len(cluster.nodes) > 1:
        seen.settling = seen.at
    elif before.settles_at and seen.at < before.settles_at:
        seen.settling = before.settling
    elif before.settling:
        return [Return("other nodes have connected to what was back", before.settling - EARLIER_SECONDS)]
    return []


def _why(drive: Drive, known: Mapping[str, Any]) -> str:
    which = f"the drive {drive.path} of {drive.node}"
    if known["lacking"] is not None:
        return f"{which} has room again" if known.get("full") else f"{which} is back"
    return f"{which} is another one" if known["uuid"] not in ("", drive.uuid) else ""


def _lacking(drive: Drive, known: Mapping[str, Any], now: float) -> dict[str, Any]:
    fresh = drive.filling is not None or drive.state == UNFORMATTED or bool(known.get("fresh"))
    return {
        "uuid": known.get("uuid") or drive.uuid,
        "lacking": known.get("lacking") or now,
        "fresh": fresh,
        "full": drive.full and known.get("full", True),
    }


def _lacks_since(drive: Drive, known: Mapping[str, Any]) -> float | None:
    """The same drive has all that was written before it went away; another one may have nothing."""
    if known["uuid"] != drive.uuid or known["lacking"] is None or known.get("fresh"):
        return None
    return float(known["lacking"]) - EARLIER_SECONDS


def _restarted(cluster: Cluster, seen: Seen, before: Seen) -> list[Return]:
    """It lacks at most what it was about to write, and where there are several what the others wrote meanwhile."""
    return [
        Return(f"the node {name} was started again", before.at - EARLIER_SECONDS)
        for name, began in seen.nodes.items()
        if name in before.nodes and began > before.nodes[name] + CLOCK_SECONDS
    ]


def _unseen(now: float, before: Seen) -> list[Return]:
    if now - before.at <= UNSEEN_SECONDS:
        return []
    return [Return(f"nobody had looked at storage for {(now - before.at) / 60:.0f} minutes", before.at)]
