"""The invariant, by a reader that shares nothing with what it checks: the API, the ledger's rows, storage's objects.

An upload that storage acknowledged ends as `done` or as `error` with a reason; no row stays in a middle state; every
object is explained by a row and every row by an object; every finished version matches its SHA-256.
"""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.appliance.client import Project
from tests.faults.behind import Behind
from tests.faults.uploads import Load

VERSIONS = {"thumb", "big_thumb", "big_1920", "d2500"}

_ROWS = """
SELECT a.id::text AS id, a.state::text AS state, a.error_code, a.error_message, b.bucket, b.key, b.version_id, b.sha256
FROM ledger.assets a LEFT JOIN ledger.blobs b ON b.id = a.blob WHERE a.owner = $1
"""
_MADE = """
SELECT v.asset::text AS asset, v.name, v.sha256, v.extension, v.source_sha256
FROM ledger.versions v JOIN ledger.assets a ON a.id = v.asset WHERE a.owner = $1
"""
_EVENTS = """
SELECT e.seq, e.asset::text AS asset, e.state::text AS state
FROM ledger.events e JOIN ledger.streams s ON s.id = e.stream WHERE s.owner = $1 ORDER BY e.seq
"""


@dataclass
class Verdict:
    """What an examination found. `leftover`: stored, but told to nobody as stored, and not (yet) removed again; how
    much of it a fault may leave is said by its trial.
    """

    lost: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    leftover: list[str] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def holds(self) -> bool:
        return not (self.lost or self.stuck or self.wrong)


class Examination:
    """All of one project, read once."""

    def __init__(self, behind: Behind, project: Project, load: Load) -> None:
        self._load = load
        self.rows: dict[str, Any] = {row["id"]: row for row in behind.sql(_ROWS, project.id)}
        self._made = behind.sql(_MADE, project.id)
        self._events = behind.sql(_EVENTS, project.id)
        self._told = told(project)
        self._storage = behind.storage()
        self._stored = {
            bucket: {
                (one.object_name, one.version_id or ""): one.is_delete_marker
                for one in self._storage.list_objects(
                    bucket, f"projects/{project.id}/", recursive=True, include_version=True
                )
            }
            for bucket in ("originals", "versions")
        }
        self.verdict = Verdict()

    def run(self) -> Verdict:
        for asset, digest in self._load.acknowledged.items():
            self._acknowledged(asset, digest)
        for asset, row in self.rows.items():
            self._row(asset, row)
        self._history()
        self._explained()
        return self.verdict

    def _acknowledged(self, asset: str, digest: str) -> None:
        row = self.rows.get(asset)
        if row is None or row["version_id"] is None:
            self.verdict.lost.append(f"{asset}: {row['state'] if row else 'no row'}")
        elif self._digest("originals", row["key"], row["version_id"]) != digest:
            self.verdict.lost.append(f"{asset}: other bytes than were sent")

    def _row(self, asset: str, row: Any) -> None:
        state, shown = row["state"], self._told.get(asset)
        if state in ("uploaded", "processing"):
            self.verdict.stuck.append(f"{asset}: {state}")
        elif state == "error":
            self.verdict.errors[row["error_code"]] += 1
            if not (row["error_code"] and row["error_message"]):
                self._wrong(asset, "an error without a reason")
        elif state == "done":
            self._done(asset, row)
        if shown is None or shown["state"] != ("error" if state == "expired" else state):
            self._wrong(asset, f"the API says {shown and shown['state']}, the ledger {state}")

    def _done(self, asset: str, row: Any) -> None:
        made = {version["name"]: version for version in self._made if version["asset"] == asset}
        if set(made) != VERSIONS:
            self._wrong(asset, f"done with the versions {sorted(made)}")
        shown = (self._told.get(asset) or {}).get("versions") or {}
        for name, version in made.items():
            key = f"{row['key']}/{name}.{version['sha256'][:12]}.{version['extension']}"
            if self._digest("versions", key) != version["sha256"]:
                self._wrong(asset, f"{name} is not what the ledger says")
            if version["source_sha256"] != row["sha256"] or not shown.get(name):
                self._wrong(asset, f"{name} is of another original, or not shown")

    def _history(self) -> None:
        if [event["seq"] for event in self._events] != list(range(1, len(self._events) + 1)):
            self.verdict.wrong.append("the numbers of the events have gaps")
        last = {event["asset"]: event["state"] for event in self._events}
        for asset, row in self.rows.items():
            if last.get(asset) != row["state"]:
                self._wrong(asset, f"the last event says {last.get(asset)}, the row {row['state']}")
        twice = Counter(event["asset"] for event in self._events if event["state"] == "done")
        self.verdict.wrong += [f"{asset}: done {count} times" for asset, count in twice.items() if count > 1]

    def _explained(self) -> None:
        pinned = {(row["key"], row["version_id"]) for row in self.rows.values()}
        for (key, version), marker in self._stored["originals"].items():
            asset = key.rsplit("/", 1)[1]
            if (key, version) in pinned and not marker:
                continue
            # A form that was sent once and acknowledged made one version: that one has to be pinned.
            innocent = self._load.attempts[asset] > 1 or asset not in self._load.acknowledged
            found = self.verdict.leftover if innocent and not marker else self.verdict.wrong
            found.append(f"originals/{key} {version}: nothing refers to it")
        known = {(f"{v['asset']}", f"{v['name']}.{v['sha256'][:12]}.{v['extension']}") for v in self._made}
        for key, _ in self._stored["versions"]:
            asset, name = key.rsplit("/", 2)[1:]
            if (asset, name) not in known:
                self.verdict.leftover.append(f"versions/{key}: nothing refers to it")

    def _digest(self, bucket: str, key: str, version: str | None = None) -> str:
        """The SHA-256 of what storage holds; empty if it holds nothing there."""
        if not any(name == key and version in (None, held) for name, held in self._stored[bucket]):
            return ""
        answer = self._storage.get_object(bucket, key, version_id=version)
        try:
            return hashlib.sha256(answer.read()).hexdigest()
        finally:
            answer.close()
            answer.release_conn()

    def _wrong(self, asset: str, what: str) -> None:
        self.verdict.wrong.append(f"{asset}: {what}")


def told(project: Project) -> dict[str, Any]:
    """What the API shows of all photos, by id. Raises httpx.HTTPError while it can't be asked."""
    found: dict[str, Any] = {}
    cursor: str | None = None
    while True:
        query = {"limit": 200, **({"cursor": cursor} if cursor else {})}
        answer = project.api.get(f"/projects/{project.id}/images", params=query).raise_for_status().json()
        found |= {image["image_id"]: image for image in answer["images"]}
        if (cursor := answer["next_cursor"]) is None:
            return found
