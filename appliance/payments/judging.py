"""Whether a transaction pays what is due: decided from what the chain says, without asking it."""

from typing import NamedTuple

from appliance.accounts.addresses import checksummed
from appliance.payments.chain import Block, Receipt, Transaction, number, same
from appliance.payments.erc20 import transfers
from appliance.payments.provider import Finding
from appliance.payments.rows import Payment
from appliance.payments.settings import written

UNKNOWN = "The chain does not know this transaction (yet)"
PENDING = "The transaction is in no block yet"
GONE = "The block that the transaction was in is none of the chain's any more"


class Seen(NamedTuple):
    """What the chain says of a transaction. `block` is the chain's own at the height that the receipt names."""

    head: int
    transaction: Transaction | None
    receipt: Receipt | None
    block: Block | None


def judged(payment: Payment, seen: Seen, needed: int) -> Finding:
    """Raises ValueError for what no chain says."""
    transaction, receipt = seen.transaction, seen.receipt
    if transaction is None:
        return Finding("due", GONE if payment.block else UNKNOWN)
    if receipt is None:
        return Finding("due", GONE if payment.block else PENDING)
    if not (same(transaction.hash, payment.tx_hash) and same(receipt.transaction_hash, payment.tx_hash)):
        raise ValueError("another transaction")
    if not (seen.block and same(seen.block.hash, receipt.block_hash) and same(seen.block.hash, transaction.block_hash)):
        return Finding("due", GONE)
    height = number(receipt.block_number)
    if height > seen.head:
        raise ValueError("a block above the newest")
    if why := _wrong(payment, transaction, receipt, height):
        return Finding("due", why)
    depth = seen.head - height + 1
    enough = depth >= needed
    why = "" if enough else f"{depth} of {needed} confirmations"
    return Finding("confirmed" if enough else "seen", why, height, seen.block.hash.lower(), depth)


def _wrong(payment: Payment, transaction: Transaction, receipt: Receipt, height: int) -> str:
    """Why it does not pay; empty if it does."""
    if number(receipt.status) != 1:
        return "The transaction failed: nothing was paid by it"
    if payment.since_block is None or height <= payment.since_block:
        return "The transaction is older than what is to be paid"
    paid = _paid(payment, transaction, receipt)
    if not paid:
        what = payment.symbol or "what is to be paid"
        return f"The transaction pays no {what} to {checksummed(payment.recipient or '')}"
    mine = sum(amount for payer, amount in paid if same(payer, payment.payer))
    if not mine:
        return f"It was paid from {checksummed(paid[0][0])}, and has to come from the wallet that you signed in with"
    if mine < payment.amount:
        lacking = written(payment.amount - mine, payment.decimals)
        return f"{lacking} {payment.symbol} is missing; pay the whole in one transaction, two are not added up"
    return ""


def _paid(payment: Payment, transaction: Transaction, receipt: Receipt) -> list[tuple[str, int]]:
    """What reached the recipient by it: from whom, how much."""
    if payment.token:
        every = transfers(receipt.logs, payment.token)
        return [(one.payer, one.amount) for one in every if same(one.recipient, payment.recipient)]
    if same(transaction.to, payment.recipient):
        return [(transaction.payer, number(transaction.value))]
    return []
