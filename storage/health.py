"""Nodes, drives and erasure sets of the server as its administrator sees them, and what of them may fail yet. Pure.

Sources: InfoMessage and StorageInfo of madmin-go, info-commands.go; the quorums are those of the server's own health
call (minio, cmd/erasure-server-pool.go, Health): a set reads with as many drives as an object has data shards, and
writes with one more where that is half of it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

WELL = "ok"
FULL_SHARE = 0.01
"""Of a drive: with less free than this, a shard may find no room on it."""


@dataclass(frozen=True)
class Filling:
    """A new drive that the server fills by itself, in its own counters; `total` is 0 where it does not know yet."""

    done: int
    failed: int
    total: int
    done_bytes: int
    began: str
    updated: str
    finished: bool


@dataclass(frozen=True)
class Drive:
    node: str
    path: str
    endpoint: str
    uuid: str
    state: str
    """`ok`, or what the server calls it: offline, unformatted, faulty, root-mount, permission-denied …"""
    pool: int
    set: int
    """Both count from 0, and are -1 where the server does not know."""
    free: int
    total: int
    """Bytes; 0 while it is away."""
    filling: Filling | None = None
    filled: Filling | None = None
    """How it was filled the last time, once that has ended."""

    @property
    def here(self) -> bool:
        """Whether it takes part in writing."""
        return self.state == WELL

    @property
    def whole(self) -> bool:
        """Whether it is here and holds all that it should, as far as the server knows."""
        return self.here and self.filling is None

    @property
    def full(self) -> bool:
        """Whether it may lack what is written now, although it is here: the other drives take that without it."""
        return self.here and self.free < FULL_SHARE * self.total

    @property
    def condition(self) -> str:
        return "healing" if self.here and self.filling else self.state


@dataclass(frozen=True)
class Node:
    name: str
    online: bool
    uptime: float
    """Seconds; 0 while it is away."""
    drives: tuple[Drive, ...]


@dataclass(frozen=True)
class ErasureSet:
    """One erasure set; `parity` shards of an original may be lost, `reduced` of a version."""

    pool: int
    number: int
    size: int
    parity: int
    reduced: int
    drives: tuple[Drive, ...]
    """Those of its `size` that the server tells of."""

    @property
    def name(self) -> str:
        """For people, who count from 1."""
        return f"set {self.number + 1}" if self.pool == 0 else f"set {self.number + 1} of pool {self.pool + 1}"

    @property
    def away(self) -> int:
        return self.size - sum(drive.here for drive in self.drives)

    @property
    def incomplete(self) -> int:
        """Drives that an object can't be read from: away, or being filled."""
        return self.size - sum(drive.whole for drive in self.drives)

    @property
    def writes(self) -> int:
        """How many more drives may fail before nothing can be written; negative by as many as are lacking."""
        needed = self.size - self.parity
        needed += needed == self.parity
        return self.size - self.away - needed

    @property
    def reads(self) -> int:
        """How many more drives may fail before originals can't be read; negative by as many as are lacking."""
        return self.parity - self.incomplete

    @property
    def reads_versions(self) -> int:
        """The same of versions, which can be made again."""
        return self.reduced - self.incomplete

    def without(self, node: str) -> int:
        """How many drives that are here it loses with this node."""
        return sum(drive.here and drive.node == node for drive in self.drives)


@dataclass(frozen=True)
class Cluster:
    nodes: tuple[Node, ...]
    sets: tuple[ErasureSet, ...]

    @cached_property
    def drives(self) -> list[Drive]:
        return [drive for node in self.nodes for drive in node.drives]

    @property
    def fullest(self) -> Drive | None:
        """The drive with the least share free. One full drive is enough for large objects to be refused."""
        return min((drive for drive in self.drives if drive.total), key=lambda d: d.free / d.total, default=None)

    @property
    def problems(self) -> list[str]:
        """What keeps the drives from being complete; empty when all are here and filled."""
        if not self.nodes:
            return ["no server says anything of its drives"]
        told = [f"server {node.name} is away" for node in self.nodes if not node.online]
        told += [f"drive {d.endpoint} is {d.state}" for d in self.drives if not d.here]
        return told + [f"drive {d.endpoint} is being healed" for d in self.drives if d.here and d.filling]

    def spare_nodes(self, reading: bool = False) -> list[str]:
        """The nodes any one of which may fail as well while all sets go on writing (reading: all originals can be
        read). None where there is one node only.
        """
        if len(self.nodes) < 2:
            return []
        return [
            node.name
            for node in self.nodes
            if node.online
            and all((one.reads if reading else one.writes) >= one.without(node.name) for one in self.sets)
        ]

    def room(self, kept: float) -> float:
        """Bytes that the drives take until no new uploads are allowed, parity counted; `kept` is the share of a drive
        that stays free. A set is full with its fullest drive.
        """
        rooms = [
            one.size * min((max(0.0, d.free - kept * d.total) for d in one.drives if d.total), default=0.0)
            for one in self.sets
        ]
        return sum(rooms)

    def overhead(self) -> tuple[float, float]:
        """Bytes on drives for each byte of an original, and of a version: on average over the sets."""
        sizes = [(one.size, one.parity, one.reduced) for one in self.sets]
        total = sum(size for size, *_ in sizes) or 1
        original = sum(size * size / (size - parity) for size, parity, _ in sizes) / total
        return original, sum(size * size / (size - reduced) for size, _, reduced in sizes) / total


def parsed(info: Mapping[str, Any], storage: Mapping[str, Any]) -> Cluster:
    """The cluster of the answers to `info` and `storageinfo`."""
    nodes = tuple(_node(server) for server in info.get("servers") or ())
    sets: defaultdict[tuple[int, int], list[Drive]] = defaultdict(list)
    for node in nodes:
        for drive in node.drives:
            if drive.pool >= 0 and drive.set >= 0:
                sets[drive.pool, drive.set].append(drive)
    backend = storage.get("Backend") or {}
    return Cluster(nodes, tuple(_set(*at, sets[at], backend) for at in sorted(sets)))


def _set(pool: int, number: int, drives: Sequence[Drive], backend: Mapping[str, Any]) -> ErasureSet:
    # Sets of one pool are alike; another pool's may be larger, and a default parity follows the size.
    data, reduced = (_at(backend.get(name), pool) for name in ("StandardSCData", "RRSCData"))
    size = _at(backend.get("DrivesPerSet"), pool) or len(drives)
    parity = size - data if data else int(backend.get("StandardSCParity", 0))
    lower = size - reduced if reduced else int(backend.get("RRSCParity", 0))
    return ErasureSet(pool, number, size, parity, lower, tuple(drives))


def _at(numbers: Any, index: int) -> int:
    return int(numbers[index]) if isinstance(numbers, list) and index < len(numbers) else 0


def _node(server: Mapping[str, Any]) -> Node:
    name = str(server.get("endpoint"))
    drives = tuple(_drive(drive, name) for drive in server.get("drives") or ())
    return Node(name, server.get("state") == "online", float(server.get("uptime") or 0), drives)


def _drive(drive: Mapping[str, Any], node: str) -> Drive:
    endpoint = str(drive.get("endpoint") or "")
    return Drive(
        node=node,
        path=str(drive.get("path") or urlsplit(endpoint).path or endpoint),
        endpoint=endpoint,
        uuid=str(drive.get("uuid") or ""),
        state=str(drive.get("state")),
        pool=int(drive.get("pool_index", -1)),
        set=int(drive.get("set_index", -1)),
        free=int(drive.get("availspace") or 0),
        total=int(drive.get("totalspace") or 0),
        filling=_filling(drive) if drive.get("healing") else None,
        filled=_filling(drive) if drive.get("heal_info") and not drive.get("healing") else None,
    )


def _filling(drive: Mapping[str, Any]) -> Filling:
    told = drive.get("heal_info") or {}
    return Filling(
        done=int(told.get("items_healed") or 0),
        failed=int(told.get("items_failed") or 0),
        total=int(told.get("objects_total_count") or 0),
        done_bytes=int(told.get("bytes_done") or 0),
        began=str(told.get("started") or ""),
        updated=str(told.get("last_update") or ""),
        finished=bool(told.get("finished")),
    )
