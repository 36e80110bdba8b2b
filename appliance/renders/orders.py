"""Orders as Python calls them: one statement each. Whoever waits for one is rung for at the doorbell when it ends."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from appliance.ledger.database import fetch, fetch_one
from appliance.ledger.service import Ring

_VERSIONS = """
SELECT name, width, height, bytes, content_type, extension, sha256 FROM ledger.versions
WHERE asset = $1 AND ordered IS NOT DISTINCT FROM $2
"""
_FAILURE = "SELECT error_code, error_message FROM ledger.orders WHERE asset = $1 AND name = $2"
GAVE_UP = ("processing_failed", "This could not be made, though it was tried several times.")

Made = dict[str, Any]  # a version as the ledger has it, without its bytes


class Placed(NamedTuple):
    """What became of placing an order: `verdict` is one of ledger.place_order's."""

    verdict: str
    id: int | None
    attempt: int | None
    code: str | None
    message: str | None


class Claim(msgspec.Struct, frozen=True):
    """A leased order: what is wanted, whose it is (`stream`: where its owner hears), and the original it is about."""

    asset: UUID
    name: str
    id: int
    attempts: int
    lease: UUID
    stream: int
    root: str
    owner: str
    folder: str
    facts: dict[str, Any]
    bucket: str
    key: str
    version_id: str
    etag: str
    sha256: str | None


def stream_of(order: int) -> int:
    """What is rung for an order: no stream has a number below 0."""
    return -order


async def place(asset: UUID, name: str, most: int | None, most_open: int) -> Placed:
    """Places an order, unless it is placed already."""
    row = await fetch_one("SELECT * FROM ledger.place_order($1, $2, $3, $4)", asset, name, most, most_open)
    assert row is not None
    return Placed(**row)


async def made(asset: UUID, name: str | None) -> list[Made]:
    """The versions that an order made, none while it is open; with None those that every file of its kind has."""
    return [dict(row) for row in await fetch(_VERSIONS, asset, name)]


async def failure(asset: UUID, name: str) -> tuple[bool, str | None, str | None]:
    """Whether there is such an order that is not done, and the code and message that it failed with, if it did."""
    row = await fetch_one(_FAILURE, asset, name)
    return (True, row["error_code"], row["error_message"]) if row else (False, None, None)


class Orders:
    """Claims and ends orders. `ring` is called for each that has ended; it must not block or raise."""

    def __init__(self, ring: Ring) -> None:
        self._ring = ring

    def _told(self, claim: Claim) -> None:
        self._ring([(stream_of(claim.id), claim.attempts)])

    async def claim(self, asset: UUID, name: str, seconds: float) -> Claim | None:
        """Leases an order for `seconds`; None when there is nothing to do or somebody else is at it."""
        row = await fetch_one("SELECT * FROM ledger.claim_order($1, $2, $3)", asset, name, seconds)
        if row is None:
            return None
        return Claim(asset, name, **{**row, "facts": msgspec.json.decode(row["facts"] or "{}")})

    async def renew(self, claim: Claim, seconds: float) -> bool:
        """Keeps the lease for `seconds` more; False when it was lost, or the asset is gone."""
        held = (claim.asset, claim.name, claim.lease)
        row = await fetch_one("SELECT ledger.renew_order($1, $2, $3, $4) AS kept", *held, seconds)
        return bool(row and row["kept"])

    async def finish(self, claim: Claim, versions: Sequence[Made], recipe_hash: str) -> bool:
        """Records what was made; False when the lease was lost or the asset is gone, and then nothing is recorded."""
        told = msgspec.json.encode(versions).decode()
        held = (claim.asset, claim.name, claim.lease)
        row = await fetch_one("SELECT ledger.finish_order($1, $2, $3, $4::jsonb, $5) AS done", *held, told, recipe_hash)
        self._told(claim)
        return bool(row and row["done"])

    async def fail(self, claim: Claim, code: str, message: str) -> None:
        """Ends an order that can't be done."""
        await fetch("SELECT ledger.fail_order($1, $2, $3, $4, $5)", claim.asset, claim.name, claim.lease, code, message)
        self._told(claim)

    async def give_back(self, claim: Claim, seconds: float, used: bool = False) -> None:
        """Lets go of a lease: free again after `seconds`. used: this try counts."""
        held = (claim.asset, claim.name, claim.lease)
        await fetch("SELECT ledger.give_back_order($1, $2, $3, $4, $5)", *held, seconds, used)
