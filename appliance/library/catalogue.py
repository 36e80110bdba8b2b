"""What the ledger knows of libraries: which there are, what each look at them found, and what is to be done."""

import hashlib
import math
import os
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from appliance.ledger.database import fetch, fetch_one
from appliance.ledger.service import Ledger
from appliance.library.mounted import Broken
from appliance.library.numbers import Numbers
from appliance.library.outcomes import Found
from appliance.library.workflow import Workflow

DIGEST_BYTES = 16
FORGET_AT_ONCE = 5000
_UNKNOWN = """
SELECT g.digest FROM unnest($2::bytea[], $3::text[]) AS g (digest, version)
WHERE NOT EXISTS (SELECT FROM ledger.library_files f
    WHERE f.library = $1 AND f.digest = g.digest AND f.version = g.version) LIMIT 1
"""
_NUMBERS = """
SELECT f.number FROM ledger.library_files f
WHERE f.library = $1 AND f.number > $2 AND f.seen_in < $3 ORDER BY f.number LIMIT $4
"""
_ASK = "UPDATE ledger.libraries SET scan_asked_at = coalesce(scan_asked_at, now()) WHERE id = $1"


class Library(NamedTuple):
    """A workflow that a worker has mounted, as the ledger knows it."""

    id: int
    workflow: Workflow
    paused: bool


class Scan(NamedTuple):
    """A look at a library that this worker is at."""

    id: int
    lease: UUID


class Row(NamedTuple):
    """What is remembered of a file. path: below the library's folder. worth: bytes saved for an hour of CPU time."""

    path: bytes
    found: Found
    why: str | None
    reason: str
    facts: dict[str, Any]
    worth: float | None

    def told(self) -> dict[str, Any]:
        """As ledger.library_keep takes it."""
        name = os.path.basename(self.path).decode("utf-8", "backslashreplace").replace("\0", "")
        return {
            "digest": digest(self.path).hex(),
            "path": self.path.hex(),
            "name": name,
            "size": self.found.size,
            "version": self.found.version,
            "why": self.why,
            "reason": self.reason,
            "facts": self.facts,
            "worth": self.worth,
        }


def digest(path: bytes) -> bytes:
    """By which a path is found again, however long it is."""
    return hashlib.sha256(path).digest()[:DIGEST_BYTES]


class Catalogue:
    """Of all libraries. host: whose worker this is; empty where there is one. Every call raises Unavailable."""

    def __init__(self, ledger: Ledger, host: str = "") -> None:
        self._ledger, self._host = ledger, host

    async def mount(self, workflow: Workflow) -> Library:
        """Says that this worker has it."""
        words = (workflow.name, msgspec.json.encode(workflow).decode(), workflow.hash(), self._host)
        [row] = await fetch("SELECT * FROM ledger.library_mount($1, $2::jsonb, $3, $4)", *words)
        return Library(row["id"], workflow, row["paused"])

    async def broken(self, files: Sequence[Broken]) -> None:
        """Says which files of this host are no workflows: all of them."""
        words = ([one.name for one in files], [one.problem for one in files], self._host)
        await fetch("SELECT ledger.library_broken($1, $2, $3)", *words)

    async def due(self, library: Library, every: float) -> bool:
        """Puts the find task where it is due: nothing waits, and `every` seconds have passed, or somebody asked."""
        return await fetch_one("SELECT * FROM ledger.library_due($1, $2)", library.id, every) is not None

    async def begin(self, library: Library, seconds: float) -> Scan | None:
        """Takes the open find task for so long; None where there is none, or somebody is at it."""
        row = await fetch_one("SELECT * FROM ledger.library_begin($1, $2)", library.id, seconds)
        return Scan(row["id"], row["lease"]) if row else None

    async def note(
        self, scan: Scan, seconds: float, counts: dict[str, Any], ended: bool = False, problem: str | None = None
    ) -> bool:
        """How far it is; keeps it for so long. False where somebody else has it now."""
        words = (scan.id, scan.lease, seconds, msgspec.json.encode(counts).decode(), ended, problem)
        row = await fetch_one("SELECT * FROM ledger.library_note_scan($1, $2, $3, $4::jsonb, $5, $6)", *words)
        return row is not None

    async def known(
        self, library: Library, files: Sequence[tuple[bytes, Found]], seen: Numbers, within: float = math.inf
    ) -> tuple[list[int], Counter[str]]:
        """The places, from 0, of those that are new, have changed, or were decided by other rules; and of the others
        how many stay as they are, by why. seen: gets the numbers of these. within: seconds that the work on one may
        take: what would have taken longer is decided anew once there is more time for it, or there are more cores.
        """
        digests, versions = [digest(path) for path, _ in files], [found.version for _, found in files]
        most = within * library.workflow.limits.cores
        words = (library.id, library.workflow.hash(), digests, versions, most)
        news, why = list[int](), Counter[str]()
        for row in await fetch("SELECT * FROM ledger.library_known($1, $2, $3, $4, $5)", *words):
            if row["number"] is None:
                news.append(row["place"] - 1)
                continue
            seen.add(row["number"])
            if row["why"] is not None:
                why[row["why"]] += 1
        return sorted(news), why

    async def unknown(self, library: Library, files: Sequence[tuple[bytes, Found]]) -> bool:
        """Whether any of these is not known as it is now."""
        words = (library.id, [digest(path) for path, _ in files], [found.version for _, found in files])
        row = await fetch_one(_UNKNOWN, *words)
        return row is not None

    async def ask(self, library: Library) -> None:
        """Has it looked through, whatever its schedule says."""
        await fetch(_ASK, library.id)

    async def keep(self, library: Library, scan: Scan, rows: Sequence[Row]) -> list[UUID]:
        """Remembers these, and queues those that are to be made anew: their assets."""
        told = msgspec.json.encode([row.told() for row in rows]).decode()
        words = (library.id, scan.id, library.workflow.hash(), told)
        return self._ledger.told(await fetch("SELECT * FROM ledger.library_keep($1, $2, $3, $4::jsonb)", *words))

    async def forget(self, library: Library, scan: Scan, seen: Numbers) -> int:
        """Forgets what a scan that came to its end has not seen, some at a time; how many these were."""
        gone = last = 0
        while rows := await fetch(_NUMBERS, library.id, last, scan.id, FORGET_AT_ONCE):
            last = rows[-1]["number"]
            if unseen := [row["number"] for row in rows if row["number"] not in seen]:
                [row] = await fetch("SELECT ledger.library_forget($1, $2, $3) AS gone", library.id, scan.id, unseen)
                gone += row["gone"]
        return gone

    async def waits(self, library: Library, why: str | None) -> None:
        """Notes why nothing is transcoded at the moment; None: it is."""
        statement = "UPDATE ledger.libraries SET waits = $2 WHERE id = $1 AND waits IS DISTINCT FROM $2"
        await fetch(statement, library.id, why)
