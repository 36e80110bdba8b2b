"""What verifying found, as numbers and a few examples: it takes the same memory for any number of differences."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from appliance.ledger.database import fetch
from appliance.upkeep.differences import UNREFERRED, Difference, Kind
from appliance.upkeep.references import ALL, Ids

EXAMPLES = 20
TALLY_PAGE = 20_000  # assets counted by one statement
IN_PROGRESS = ("init", "uploaded", "processing")


@dataclass
class Tally:
    """The assets of the ledger: `uploads` = `done` + `errors` + `in_progress`; those being deleted are told apart."""

    states: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)

    @property
    def in_progress(self) -> int:
        return sum(self.states[state] for state in IN_PROGRESS)

    @property
    def done(self) -> int:
        return self.states["done"]

    @property
    def uploads(self) -> int:
        return self.done + self.errors.total() + self.in_progress

    def add(self, state: str, code: str | None, count: int) -> None:
        """Counts `count` assets in a state; one that expired is an error, as the API shows it."""
        self.states[state] += count
        if state in ("error", "expired"):
            self.errors["upload_expired" if state == "expired" else code or "unknown"] += count

    def told(self) -> dict[str, Any]:
        return {
            "total": self.uploads,
            "done": self.done,
            "errors": dict(sorted(self.errors.items())),
            "in_progress": {state: self.states[state] for state in IN_PROGRESS},
            "being_deleted": self.states["deleting"],
        }


async def tallied(tally: Tally, ids: Ids = ALL) -> None:
    """Counts the assets with these ids into `tally`, a page at a time."""
    after = ids.after
    while rows := await fetch("SELECT * FROM ledger.tally($1, $2, $3)", after, ids.until, TALLY_PAGE):
        for row in rows:
            tally.add(row["state"], row["error_code"], row["n"])
        after = max(row["last"] for row in rows)


@dataclass
class Report:
    """What one run of verifying compared and found."""

    object_versions: int = 0
    references: int = 0
    young: int = 0
    """Object versions that nothing refers to, younger than the grace time: not counted as differences."""
    bytes_read: int = 0
    without_sha256: int = 0
    """Object versions that were read and could not be compared: originals that no worker has read yet."""
    found: Counter[Kind] = field(default_factory=Counter)
    examples: list[Difference] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)

    def add(self, difference: Difference) -> None:
        self.found[difference.kind] += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(difference)

    @property
    def unexplained(self) -> int:
        return sum(self.found[kind] for kind in UNREFERRED)

    @property
    def missing(self) -> int:
        return self.found[Kind.MISSING]

    @property
    def damaged(self) -> int:
        return self.found[Kind.DAMAGED]

    @property
    def clean(self) -> bool:
        return not self.found.total()

    def told(self) -> dict[str, Any]:
        """For a script; numbers are of object versions, not of names."""
        return {
            "clean": self.clean,
            "uploads": self.tally.told(),
            "object_versions": self.object_versions,
            "references": self.references,
            "unexplained": self.unexplained,
            "missing": self.missing,
            "damaged": self.damaged,
            "young": self.young,
            "bytes_read": self.bytes_read,
            "without_sha256": self.without_sha256,
            "examples": [_example(difference) for difference in self.examples],
        }


def _example(difference: Difference) -> dict[str, str]:
    place = {"kind": str(difference.kind), "bucket": difference.bucket, "key": difference.key}
    return place | {"version_id": difference.version_id, "detail": difference.detail}
