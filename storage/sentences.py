"""Health in plain sentences, for a person who is afraid of making a mistake. Pure.

Each says what is wrong, whether data is at risk, and what to do next.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from storage.health import Cluster, ErasureSet


class Level(StrEnum):
    """Whether somebody must act."""

    WELL = "well"
    WATCH = "watch"  # it goes by itself, or there is time
    ACT = "act"


class Finding(NamedTuple):
    """`what` is so, whether data is at `risk`, and what to do `next`; `code` names it for programs."""

    level: Level
    code: str
    what: str
    risk: str
    next: str

    @property
    def text(self) -> str:
        return " ".join(part for part in (self.what, self.risk, self.next) if part)


def of_drives(cluster: Cluster) -> list[Finding]:
    """What there is to say of nodes, drives and sets; empty when all are well."""
    return [*_nodes(cluster), *_drives(cluster), *(found for one in cluster.sets for found in _set(one))]


def _nodes(cluster: Cluster) -> Iterator[Finding]:
    for node in cluster.nodes:
        if not node.online:
            what = f"The storage node {node.name} does not answer; its {counted(len(node.drives), 'drive')} are away."
            yield Finding(
                Level.ACT,
                "node_away",
                what,
                _risk(cluster),
                "See whether the host has power and network, and start it; what it missed is healed by itself then. "
                "Don't wipe its drives.",
            )


def _drives(cluster: Cluster) -> Iterator[Finding]:
    for node in cluster.nodes:
        for drive in node.drives if node.online else ():
            if drive.here:
                continue
            what = f"The drive {drive.path} of {node.name} is {_STATES.get(drive.state, drive.state)}."
            if drive.state == EMPTY:
                then = "Nothing to do if it is meant to be empty: within a minute the server begins to fill it. Don't "
                then += "touch the other drives until that has ended."
                yield Finding(Level.WATCH, "drive_empty", what, _risk(cluster), then)
                continue
            yield Finding(
                Level.ACT,
                "drive_away",
                what,
                _risk(cluster),
                "If it is only unmounted or unplugged, put it back: what it missed is healed by itself. If it is dead, "
                "give its place to an empty one (./ops/drives replace). Don't touch the other drives.",
            )


EMPTY = "unformatted"
_STATES = {
    "offline": "away",
    EMPTY: "empty: it was wiped or replaced",
    "faulty": "faulty: it answers with errors or not in time",
    "root-mount": "not mounted: its folder is on the system's disk",
    "permission-denied": "closed to the server: it may not write there",
}


def _risk(cluster: Cluster) -> str:
    if any(one.reads < 0 for one in cluster.sets):
        return "Files can't be read until drives are back; nothing is deleted meanwhile."
    worst = min((min(one.reads, one.reads_versions) for one in cluster.sets), default=0)
    if worst < 0:
        return "No original is lost; versions may be out of reach, and can be made again."
    return "No file is lost."


def _set(one: ErasureSet) -> Iterator[Finding]:
    """Only where drives lack: a set with all its drives has the margin it was planned with."""
    if not one.incomplete:
        return
    if one.writes < 0:
        yield Finding(
            Level.ACT,
            "no_writes",
            f"Nothing can be written: {one.name} lacks {counted(-one.writes, 'drive')} for that.",
            "Uploads are refused and clients try again; what is stored is not touched.",
            "Bring back one of the drives that are away, whichever is easiest.",
        )
    if one.reads < 0:
        yield Finding(
            Level.ACT,
            "no_reads",
            f"Originals can't be read: {one.name} lacks {counted(-one.reads, 'whole drive')} for that.",
            "Files are lost only if these drives never come back.",
            "Bring back the drives that are away as they were. Wipe none, replace none, delete nothing.",
        )
    elif one.reads == 0:
        yield Finding(
            Level.ACT if one.away else Level.WATCH,
            "no_margin",
            f"No other drive of {one.name} may fail: the next one makes originals unreadable.",
            "No file is lost yet.",
            "Let nobody work on the other drives, and bring back what is away."
            if one.away
            else "Let nobody work on the other drives until the healing has ended.",
        )


def margin(one: ErasureSet) -> str:
    """How many more drives of a set may fail, in words."""
    return f"{_more(one.writes)} in {one.name} before writes stop, {_more(one.reads, short=True)} before reads stop"


def nodes_margin(cluster: Cluster) -> str:
    """Which node may fail as well; empty where there is one only."""
    if len(cluster.nodes) < 2:
        return ""
    writing, reading = cluster.spare_nodes(), cluster.spare_nodes(reading=True)
    return f"{_any_of(writing, cluster)} may fail before writes stop, {_any_of(reading, cluster)} before reads stop"


def _any_of(names: list[str], cluster: Cluster) -> str:
    online = [node for node in cluster.nodes if node.online]
    if not names:
        return "no other node"
    return "any one node" if len(names) == len(online) else f"one of the nodes {', '.join(names)}"


def _more(count: int, short: bool = False) -> str:
    if count < 0:
        return f"{counted(-count, 'drive')} too few"
    if count == 0:
        return "no more" if short else "no more drive may fail"
    return f"{count} more" if short else f"{count} more {'drive' if count == 1 else 'drives'} may fail"


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
