"""The ledger's moves, as Python calls them. Each is one statement in SQL; the doorbell rings after its commit."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from appliance.ledger.database import fetch, fetch_one
from appliance.quotas.errors import LimitReached

Ring = Callable[[Iterable[tuple[int, int]]], None]  # told (stream, seq) of what was appended


class Slot(NamedTuple):
    """An upload that may begin: the row is written, the link can be made from it."""

    id: UUID
    expires_at: datetime


class Bytes(NamedTuple):
    """An object version that storage holds for an asset. `size` in bytes."""

    asset: UUID
    key: str
    version_id: str
    size: int
    etag: str


class Asker(NamedTuple):
    """Whom a slot counts for, besides its owner: the user and the mark of the address that ask, where they are known.

    `limits` is JSON: scope → [slots, files, bytes], for those that have no limits of their own; 0 is none.
    """

    user: str | None = None
    address: str | None = None
    limits: str = "{}"


class Verdict(NamedTuple):
    """What the ledger made of one `Bytes`: moved, known, foreign (to be deleted) or unknown."""

    asset: UUID
    version_id: str
    verdict: str
    lane: str | None
    attempt: int  # the number that the next claim will have


class Claim(msgspec.Struct, frozen=True):
    """A leased job: all that a worker needs to know."""

    id: UUID
    root: str
    owner: str
    folder: str
    kind: str
    recipe: str
    filename: str
    attempts: int
    lease: UUID
    bucket: str
    key: str
    version_id: str
    size: int
    etag: str
    sha256: str | None  # of the original, from when it was read first
    home: int  # its stream
    announced_size: int | None  # what its client said of it before it came
    announced_sha256: str | None
    waited: float  # seconds since it came, or was sent to be tried again


class Failure(msgspec.Struct, frozen=True):
    """Why an asset ended as `error`: a stable code, a sentence for a user, and who can mend it."""

    code: str
    message: str
    fixer: str = "client"


OF_ORIGINALS = ("object_missing", "object_damaged")
"""Codes of failures that are those of the uploaded bytes, whoever refers to them."""

CANCELLED = Failure("cancelled", "This upload was cancelled.")


class Announced(NamedTuple):
    """What a client says of a file before it sends it: bytes, and their SHA-256 (hex).

    With `part_size` (bytes) it comes in parts.
    """

    size: int | None = None
    sha256: str | None = None
    part_size: int | None = None


NOBODY, NOTHING = Asker(), Announced()


_NOT_YET = "SELECT id FROM ledger.assets WHERE id = ANY ($1) AND error_code IS DISTINCT FROM $2"
_KEEP_OPEN = """
UPDATE ledger.assets SET expires_at = now() + make_interval(secs => $2) WHERE id = $1 AND state = 'init'
"""
_NO_END = """
SELECT FROM ledger.assets a JOIN ledger.attempts t ON t.asset = a.id
WHERE a.id = $1 AND (a.state = 'uploaded' OR (a.state = 'processing' AND a.lease_until < now()))
    AND (t.ended_at IS NULL OR t.outcome = 'lease_ran_out') LIMIT 1
"""


class Ledger:
    """All moves of assets. `ring` is called after each commit that appended events; it must not block or raise."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring

    def told(self, rows: Sequence[asyncpg.Record]) -> list[UUID]:
        """Rings for what a move has appended: rows with `id`, `stream` and `seq`. The ids of what moved."""
        moved = [row for row in rows if row["seq"] is not None]
        if moved:
            self._ring((row["stream"], row["seq"]) for row in moved)
        return [row["id"] for row in moved]

    async def open_slot(
        self,
        root: str,
        owner: str,
        folder: str,
        kind: str,
        lane: str,
        recipe: str,
        filename: str,
        seconds: int,
        asker: Asker = NOBODY,
        announced: Announced = NOTHING,
    ) -> Slot | None:
        """Writes the row of an upload; None when the owner is unknown or being deleted. Raises LimitReached."""
        rows = await fetch(
            "SELECT * FROM ledger.open_slot($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::jsonb, $12, $13, $14)",
            *(root, owner, folder, kind, lane, recipe, filename, seconds, *asker, *announced),
        )
        if rows and rows[0]["id"] is None:
            raise LimitReached(rows[0]["scope"], rows[0]["what"], rows[0]["most"])
        self.told(rows)
        return Slot(rows[0]["id"], rows[0]["expires_at"]) if rows else None

    async def adopt(self, asset: UUID) -> bool:
        """Gives an asset in `init` the bytes that its owner has already, if they are as announced."""
        return bool(self.told(await fetch("SELECT * FROM ledger.adopt($1)", asset)))

    async def arrive(self, bucket: str, came: Sequence[Bytes], signal: str | None = None) -> list[Verdict]:
        """Tells the ledger of bytes that storage holds; any number of times, in any order. `signal`: who found them."""
        if not came:
            return []
        columns = [list(column) for column in zip(*came, strict=True)]
        ids, keys, versions, sizes, etags = columns
        rows = await fetch(
            "SELECT * FROM ledger.arrive($1, $2, $3, $4, $5, $6, $7)", ids, bucket, keys, versions, sizes, etags, signal
        )
        self.told(rows)
        return [Verdict(r["id"], r["version_id"], r["verdict"], r["lane"], (r["attempts"] or 0) + 1) for r in rows]

    async def hurry(self, asset: UUID) -> None:
        """Makes the next round of the sweep look for the bytes of an open slot."""
        await fetch(
            "UPDATE ledger.assets SET check_at = now(), hinted_at = coalesce(hinted_at, now()) "
            "WHERE id = $1 AND state IN ('init', 'expired')",
            asset,
        )

    async def awaits(self, asset: UUID) -> bool:
        """Whether this asset would take bytes that come now."""
        row = await fetch_one("SELECT FROM ledger.assets WHERE id = $1 AND state IN ('init', 'expired')", asset)
        return row is not None

    async def claim(self, asset: UUID, seconds: float) -> Claim | None:
        """Leases one asset for `seconds`; None when there is nothing to do or somebody else is at it."""
        row = await fetch_one("SELECT * FROM ledger.claim($1, $2)", asset, seconds)
        if row is None:
            return None
        self.told([row])
        return Claim(**{name: row[name] for name in Claim.__struct_fields__})

    async def came_to_no_end(self, asset: UUID) -> bool:
        """Whether it may be claimed, and an attempt at it came to no end: its worker or the sandbox died, or it ran out
        of time.
        """
        return await fetch_one(_NO_END, asset) is not None

    async def renew(self, claim: Claim, seconds: float) -> bool:
        """Keeps the lease for `seconds` more; False when it was lost."""
        row = await fetch_one("SELECT ledger.renew($1, $2, $3) AS kept", claim.id, claim.lease, seconds)
        return bool(row and row["kept"])

    async def give_back(self, claim: Claim, seconds: float, why: str = "put_off") -> None:
        """Lets go of a lease without using up a try, since the file is not to blame; free again after `seconds`.

        `why` is the outcome that its attempt is told with.
        """
        await fetch("SELECT ledger.give_back($1, $2, $3, $4)", claim.id, claim.lease, seconds, why)

    async def reroute(self, claim: Claim, lane: str) -> None:
        """Lets go of a lease without using up a try: by its content the file is for another lane."""
        await fetch("SELECT ledger.reroute($1, $2, $3)", claim.id, claim.lease, lane)

    async def preview(self, claim: Claim, sha256: str, versions: Sequence[Any], recipe_hash: str) -> bool:
        """Records versions that are there before the others; False when the lease was lost, and then nothing is."""
        rows = await fetch(
            "SELECT * FROM ledger.preview($1, $2, $3, $4::jsonb, $5)",
            *(claim.id, claim.lease, sha256, _json(versions), recipe_hash),
        )
        return bool(self.told(rows))

    async def unreadable_seconds(self, claim: Claim) -> float:
        """For how long every attempt at this asset has been given back as `unreadable`; 0 if the last one was not."""
        row = await fetch_one("SELECT ledger.unreadable_seconds($1) AS seconds", claim.id)
        return float(row["seconds"]) if row else 0.0

    async def finish(self, claim: Claim, sha256: str, facts: Any, versions: Sequence[Any], recipe_hash: str) -> bool:
        """Records the result of a job; False when its lease was lost, and then nothing is recorded."""
        rows = await fetch(
            "SELECT * FROM ledger.finish($1, $2, $3, $4::jsonb, $5::jsonb, $6)",
            *(claim.id, claim.lease, sha256, _json(facts), _json(versions), recipe_hash),
        )
        return bool(self.told(rows))

    async def fail(self, claim: Claim, failure: Failure, sha256: str | None = None) -> bool:
        """Ends a job as `error`; False when its lease was lost. `sha256` of the original, if it was read."""
        rows = await fetch(
            "SELECT * FROM ledger.fail($1, $2, $3::jsonb, $4)", claim.id, claim.lease, _json(failure), sha256
        )
        return bool(self.told(rows))

    async def give_up(self, most: int = 200) -> list[UUID]:
        """Ends what used up all its tries without an answer."""
        rows = await fetch(
            "SELECT * FROM ledger.give_up($1, $2, $3)",
            *("processing_failed", "This file could not be processed, though it was tried several times.", most),
        )
        return self.told(rows)

    async def expire(self, ids: Sequence[UUID]) -> list[UUID]:
        """Closes slots whose form ran out without bytes."""
        return await self._move(ids, ["init"], "expired")

    async def retry(self, ids: Sequence[UUID]) -> list[UUID]:
        """Sends failed assets whose bytes are there to be processed again."""
        rows = await fetch(
            "SELECT id FROM ledger.assets WHERE id = ANY ($1) AND state = 'error' AND blob IS NOT NULL", ids
        )
        return await self._move([row["id"] for row in rows], ["error"], "uploaded")

    async def miss(self, ids: Sequence[UUID], failure: Failure) -> list[UUID]:
        """Ends as `error` what refers to bytes that storage lost or damaged, with all that share them.

        What is being processed is left to its worker.
        """
        if failure.code in OF_ORIGINALS:
            ids = [row["id"] for row in await fetch("SELECT * FROM ledger.sharing($1)", list(ids))]
        news = await fetch(_NOT_YET, list(ids), failure.code)
        return await self._move([row["id"] for row in news], ["uploaded", "done", "error"], "error", failure)

    async def doubt(self, asset: UUID) -> None:
        """Has the sweep look for an original that somebody did not find in storage; of what is in view."""
        statement = """
            INSERT INTO ledger.doubts (asset)
            SELECT a.id FROM ledger.assets a WHERE a.id = $1 AND a.state NOT IN ('deleting', 'deleted')
            ON CONFLICT DO NOTHING
        """
        await fetch(statement, asset)

    async def cancel(self, asset: UUID) -> bool:
        """Ends as `error` what has not come to its end; False for what has. A worker that is at it loses its lease."""
        return bool(self.told(await fetch("SELECT * FROM ledger.cancel($1, $2::jsonb)", asset, _json(CANCELLED))))

    async def remove(self, ids: Sequence[UUID]) -> list[UUID]:
        """Takes assets out of view; the sweep removes their bytes."""
        return self.told(await fetch("SELECT * FROM ledger.remove($1)", ids))

    async def detach(self, asset: UUID) -> bool:
        """Takes a file out of view that a message has; the message stays, without it."""
        return bool(self.told(await fetch("SELECT * FROM ledger.detach($1)", asset)))

    async def keep_open(self, asset: UUID, seconds: float) -> None:
        """Lets an upload that goes on take so much longer."""
        await fetch(_KEEP_OPEN, asset, seconds)

    async def announce(self, asset: UUID, asker: Asker, size: int, sha256: str | None = None) -> None:
        """Notes how large a file at least is that its own request brings; and with its SHA-256, just before storage is
        given its last bytes, how large it is. Raises LimitReached.
        """
        statement = "SELECT * FROM ledger.announce($1, $2::jsonb, $3, $4)"
        if reached := await fetch(statement, asset, asker.limits, size, sha256):
            raise LimitReached(*reached[0])

    async def drop(self, asset: UUID) -> bool:
        """Takes a file of a chat out of view, unless a message has it."""
        return bool(self.told(await fetch("SELECT * FROM ledger.drop_unless_claimed($1)", asset)))

    async def drop_unclaimed(self, seconds: float, most: int = 500) -> list[UUID]:
        """Takes out of view what was sent for a chat over `seconds` ago, and no message has."""
        return self.told(await fetch("SELECT * FROM ledger.drop_unclaimed($1, $2)", seconds, most))

    async def tell_unread(self, chat: str, seconds: float) -> int:
        """Tells a chat's project of every member who has not read something for `seconds`; how many there are."""
        return len(self.told(await fetch("SELECT NULL AS id, * FROM ledger.tell_unread($1, $2)", chat, seconds)))

    async def leave_deleted(self, most: int = 500) -> None:
        """Takes users who are deleted out of the chats they are in, from so many at most. What they wrote stays, and
        says that they wrote it: as it does of who leaves.
        """
        self.told(await fetch("SELECT NULL AS id, * FROM ledger.leave_deleted($1)", most))

    async def bury(self, asset: UUID) -> bool:
        """Records that the bytes of a removed asset are gone."""
        return bool(self.told(await fetch("SELECT * FROM ledger.bury($1)", asset)))

    async def _move(
        self,
        ids: Sequence[UUID],
        sources: list[str],
        target: str,
        failure: Failure | None = None,
        held: UUID | None = None,
    ) -> list[UUID]:
        if not ids:
            return []
        notes = [_json(failure)] * len(ids) if failure else None
        rows = await fetch(
            "SELECT * FROM ledger.transition("
            "$1, $2::text[]::ledger.asset_state[], $3::text::ledger.asset_state, $4::jsonb[], $5)",
            *(list(ids), sources, target, notes, held),
        )
        return self.told(rows)


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
