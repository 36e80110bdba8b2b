"""The report: the cluster as it was seen, and what ledger and data folder know of it."""

import time
from dataclasses import asdict
from typing import Any

from appliance import backlog
from appliance.care import growth, rounds, unhealed
from appliance.care.growth import Growth
from appliance.config import Settings
from appliance.errors import Unavailable
from appliance.logs import log
from ops.backups import kept
from ops.caretaker import findings, scrubbing
from ops.folder import DataFolder
from storage import sentences
from storage.health import Cluster, Drive, ErasureSet

GROWTH_SECONDS = 3600.0  # it reads all that came in a week


class Gathering:
    """`folder`: where backups and drills of this host are recorded."""

    def __init__(self, folder: DataFolder, settings: Settings) -> None:
        self._folder = folder
        self._settings = settings
        self._growth: Growth | None = None
        self._until = 0.0

    async def report(self, cluster: Cluster | None, silence: str) -> dict[str, Any]:
        """`silence`: why there is no cluster. Raises Unavailable."""
        told: dict[str, Any] = {"at": time.time(), "silence": silence}
        told |= of_cluster(cluster or Cluster((), ()))
        told |= await self._care()
        told["backlog"] = await backlog.lanes()
        told["growth"] = await self._grown(cluster)
        told |= kept.state(self._folder)
        told["oldest_upload"] = await growth.first_upload()
        found = findings.of_report(told, self._settings.now)
        found += sentences.of_drives(cluster) if cluster else []
        found.sort(key=lambda one: one.level is not sentences.Level.ACT)
        told["findings"] = [one._asdict() for one in found]
        told["act"] = any(one.level is sentences.Level.ACT for one in found)
        return told

    async def _care(self) -> dict[str, Any]:
        now, scrub, heal = await rounds.first(), await rounds.last_ended(True), await rounds.last_ended(False)
        due = await scrubbing.due(self._settings.now.scrub_days)
        return {
            "round": now.told() if now else None,
            "last_scrub": scrub.told() if scrub else None,
            "last_heal": heal.told() if heal else None,
            "next_scrub": due.timestamp() if due else None,
            "unhealed": await unhealed.counts(),
        }

    async def _grown(self, cluster: Cluster | None) -> dict[str, Any] | None:
        """Bytes on drives a day, and days until full; None where it is not known yet."""
        if time.monotonic() >= self._until:
            self._until = time.monotonic() + GROWTH_SECONDS
            try:
                self._growth = await growth.growth()
            except Unavailable as error:  # too much to be read in time, say: that is no reason to tell nothing
                log.warning("growth not measured", error=str(error))
        if self._growth is None or cluster is None:
            return None
        original, version = cluster.overhead()
        daily = self._growth.originals * original + self._growth.versions * version
        room = cluster.room(self._settings.now.storage_free_percent / 100)
        days = room / daily if daily > 0 else None
        return {"bytes_a_day": daily, "measured_days": self._growth.days, "days_until_full": days}


def of_cluster(cluster: Cluster) -> dict[str, Any]:
    """The cluster for programs and people."""
    fullest = cluster.fullest
    return {
        "nodes": [
            {"name": node.name, "online": node.online, "uptime": node.uptime, "drives": len(node.drives)}
            for node in cluster.nodes
        ],
        "drives": [_drive(drive) for drive in cluster.drives],
        "sets": [_set(one) for one in cluster.sets],
        "fullest": fullest and _drive(fullest),
        "nodes_margin": sentences.nodes_margin(cluster),
    }


def _drive(drive: Drive) -> dict[str, Any]:
    return {
        "node": drive.node,
        "path": drive.path,
        "uuid": drive.uuid,
        "pool": drive.pool,
        "set": drive.set,
        "state": drive.condition,
        "free": drive.free,
        "total": drive.total,
        "filling": drive.filling and asdict(drive.filling),
    }


def _set(one: ErasureSet) -> dict[str, Any]:
    return {
        "pool": one.pool,
        "set": one.number,
        "name": one.name,
        "drives": one.size,
        "parity": one.parity,
        "versions_parity": one.reduced,
        "away": one.away,
        "writes_margin": one.writes,
        "reads_margin": one.reads,
        "margin": sentences.margin(one),
    }
