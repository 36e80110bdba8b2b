"""Payments as the database has them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from appliance.ledger.database import fetch, fetch_one
from appliance.payments.rpc import Trouble

COLUMNS = """
    p.edition, p.provider, p.status, p.reason, p.chain_id, p.recipient, p.token, p.symbol, p.decimals,
    p.amount::text AS amount, p.payer, p.since_block, p.watched_block, p.tx_hash, p.block, p.block_hash,
    p.confirmations, p.created_at, p.searched_until
"""
_ONE = f"SELECT {COLUMNS} FROM profile_payments p WHERE p.edition = $1"
_TOLD = """
UPDATE profile_payments SET tx_hash = $2, reason = $3, block = NULL, block_hash = NULL, look_at = now()
WHERE edition = $1 AND status = 'due' AND tx_hash IS DISTINCT FROM $2 AND tx_hash IS NOT DISTINCT FROM $4
RETURNING edition
"""
_SINCE = "UPDATE profile_payments SET since_block = $2 WHERE edition = $1 AND since_block IS NULL"
_PUT_OFF = """
UPDATE profile_payments SET reason = CASE WHEN status = 'confirmed' THEN reason ELSE $2 END,
    look_at = now() + make_interval(secs => $3)
WHERE edition = $1 AND look_at IS NOT NULL
"""
_SETTLED = """
UPDATE profile_payments SET look_at = now() + make_interval(secs => $2) WHERE edition = $1 AND look_at IS NOT NULL
"""
_NOTE = "SELECT ledger.note_payment($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
_USED = """
SELECT tx_hash FROM payments_used
WHERE provider = $1 AND chain_id = $2 AND tx_hash = ANY ($3) AND edition IS NOT NULL
"""


@dataclass(frozen=True)
class Payment:
    """What an edition has to pay, and what is known of that. Addresses and hashes are in lower case."""

    edition: UUID
    provider: str
    status: str
    reason: str
    chain_id: int | None
    recipient: str | None
    token: str | None
    symbol: str
    decimals: int
    amount: int
    payer: str | None
    since_block: int | None
    watched_block: int | None
    tx_hash: str | None
    block: int | None
    block_hash: str | None
    confirmations: int
    created_at: datetime
    searched_until: datetime | None

    @classmethod
    def of(cls, row: asyncpg.Record) -> "Payment":
        """The one that COLUMNS selected."""
        return cls(**{**row, "amount": int(row["amount"])})


async def one(edition: UUID) -> Payment | None:
    row = await fetch_one(_ONE, edition)
    return Payment.of(row) if row else None


async def told(payment: Payment, tx_hash: str, reason: str) -> bool:
    """Says which transaction pays what is due; False where that is another by now, or the same already."""
    return bool(await fetch(_TOLD, payment.edition, tx_hash, reason, payment.tx_hash))


async def since(edition: UUID, block: int) -> None:
    """Payments up to this block are older than the quote."""
    await fetch(_SINCE, edition, block)


async def put_off(payment: Payment, trouble: Trouble, pause: float) -> None:
    """Nothing could be found out. What is confirmed stays so."""
    await fetch(_PUT_OFF, payment.edition, f"The chain can't be asked at the moment: {trouble.why}", pause)


async def settled(edition: UUID, pause: float) -> None:
    """It is as it was."""
    await fetch(_SETTLED, edition, pause)


async def note(
    payment: Payment,
    status: str,
    reason: str,
    pause: float | None = None,
    tx_hash: str | None = None,
    block: tuple[int | None, str | None] = (None, None),
    confirmations: int = 0,
    who: str | None = None,
) -> str:
    """What ledger.note_payment says to it. `pause`: seconds until it is looked at again; None: it is not."""
    paid_by = tx_hash or payment.tx_hash
    found = (payment.status, payment.tx_hash, status, paid_by, reason, *block, confirmations, who, pause)
    row = await fetch_one(_NOTE, payment.edition, *found)
    assert row is not None
    return str(row["note_payment"])


async def used(provider: str, chain_id: int, hashes: Iterable[str]) -> set[str]:
    """Those of these transactions that something was paid with already."""
    return {row["tx_hash"] for row in await fetch(_USED, provider, chain_id, list(hashes))}
