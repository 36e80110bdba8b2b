"""One file of a library under way, as the ledger has it: its record goes from step to step, and each adds to it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from appliance.files.attempts import LeaseLost
from appliance.ledger.database import fetch, fetch_one
from appliance.ledger.service import Claim, Ledger
from appliance.library.catalogue import digest
from appliance.library.keeping import Now
from appliance.library.listing import shown
from appliance.library.workflow import Workflow
from appliance.logs import log

_JOB = """
SELECT l.id, l.workflow::text AS workflow, f.path, f.size, f.version, f.record::text AS record
FROM ledger.library_files f JOIN ledger.libraries l ON l.id = f.library WHERE f.asset = $1
"""
_LIBRARY = "SELECT library FROM ledger.library_files WHERE asset = $1"
_OTHERS = "SELECT asset FROM ledger.library_files WHERE asset = ANY ($1) AND library <> ALL ($2::integer[])"


class Made(msgspec.Struct, frozen=True):
    """What the step `transcoded` has left, by which a later attempt knows it again: bytes and SHA-256 in hex, those of
    the source as well, and by which rules (`Workflow.hash`).
    """

    size: int
    sha256: str
    source: str
    rules: str


@dataclass(frozen=True)
class Job:
    """library: its id. path: below the library's folder. version: of the bytes that were decided about."""

    claim: Claim
    library: int
    workflow: Workflow
    path: bytes
    size: int
    version: str
    record: dict[str, Any]

    @property
    def shown(self) -> str:
        """Its path below the library's folder, as text."""
        return shown(self.path)

    def made_of(self, source: str) -> Made | None:
        """What an earlier attempt has made of a source of this SHA-256, by the rules of today."""
        made = msgspec.convert(self.record["made"], Made) if "made" in self.record else None
        return made if made and (made.source, made.rules) == (source, self.workflow.hash()) else None


async def library_of(asset: UUID) -> int | None:
    """The library that a file is of. Raises Unavailable."""
    row = await fetch_one(_LIBRARY, asset)
    return row["library"] if row else None


async def of_others(assets: Sequence[UUID], libraries: Collection[int]) -> set[UUID]:
    """Those of these files that are of a library, and of none of these. Raises Unavailable."""
    return {row["asset"] for row in await fetch(_OTHERS, list(assets), list(libraries))}


class Jobs:
    """Every call raises Unavailable."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def of(self, claim: Claim) -> Job | None:
        """The file that was claimed; None where nobody knows it any more."""
        row = await fetch_one(_JOB, claim.id)
        if row is None:
            return None
        workflow = msgspec.json.decode(row["workflow"], type=Workflow)
        record = msgspec.json.decode(row["record"])
        return Job(claim, row["id"], workflow, row["path"], row["size"], row["version"], record)

    async def note(self, job: Job, step: str, facts: dict[str, Any], told: dict[str, Any]) -> None:
        """A step is done: facts are for the next ones, what is told is for whoever listens. Raises LeaseLost."""
        words = (job.claim.id, job.claim.lease, step, _json(facts), _json({"library": job.library} | told))
        if not self._ledger.told(
            await fetch("SELECT * FROM ledger.library_step($1, $2, $3, $4::jsonb, $5::jsonb)", *words)
        ):
            raise LeaseLost
        log.info("library step", step=step, library=job.workflow.name, file=job.shown, **told)

    async def finish(self, job: Job, result: dict[str, Any], now: Now | None = None) -> None:
        """What came of it, and the file as it is from now on; None: as it was. Raises LeaseLost."""
        path, size, version = now or Now(job.path, job.size, job.version)
        told = {"digest": digest(path).hex(), "path": path.hex(), "size": size, "version": version}
        told["rules"] = job.workflow.hash()
        words = (job.claim.id, job.claim.lease, _json(result), _json(told))
        if not self._ledger.told(
            await fetch("SELECT * FROM ledger.library_finish($1, $2, $3::jsonb, $4::jsonb)", *words)
        ):
            raise LeaseLost
        log.info("library file", library=job.workflow.name, file=job.shown, **result)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
