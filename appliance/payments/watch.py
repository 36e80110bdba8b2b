"""The chore that looks for payments: those that are known, again and again until they are settled; and for new ones, by
searching the chain for what came from the wallets that have to pay. Nothing is asked while nobody has to.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from appliance.config import Settings
from appliance.ledger.database import fetch
from appliance.payments import rows
from appliance.payments.chain import head
from appliance.payments.rows import COLUMNS, Payment
from appliance.payments.rpc import Node, Trouble
from appliance.payments.searching import Coins, Paid, Search, Tokens
from appliance.payments.service import TOLD, Payments
from appliance.payments.settings import ProviderName

AT_ONCE = 100
"""Payments that one round looks at."""
PAYERS = 500
"""Wallets that one round searches for."""

# Of editions that wait for no payment any more, nothing is looked for.
_OVER = """
UPDATE profile_payments p SET look_at = NULL FROM profile_editions e
WHERE p.look_at <= now() AND e.id = p.edition AND e.state IN ('published', 'rejected', 'expired')
"""
_KNOWN = """
SELECT p.edition FROM profile_payments p
WHERE p.look_at <= now() AND p.provider = 'evm' AND p.tx_hash IS NOT NULL ORDER BY p.look_at LIMIT $1
"""
_WANTED = f"""
SELECT {COLUMNS} FROM profile_payments p
WHERE p.look_at IS NOT NULL AND p.provider = 'evm' AND p.status = 'due' AND p.payer IS NOT NULL
ORDER BY p.chain_id, p.recipient, p.token, coalesce(p.watched_block, p.since_block) NULLS FIRST LIMIT $1
"""
_SEARCHED = """
UPDATE profile_payments SET watched_block = $2
WHERE edition = ANY ($1::uuid[]) AND coalesce(watched_block, since_block) < $2
"""


class Terms(NamedTuple):
    """What payments have in common that are searched for together."""

    chain_id: int | None
    recipient: str | None
    token: str | None


class Watch:
    """One round at a time."""

    def __init__(self, payments: Payments, node: Node, settings: Settings) -> None:
        self._payments, self._node, self._settings = payments, node, settings
        self._searches: dict[bool, Search] = {True: Tokens(node), False: Coins(node)}

    async def look(self) -> None:
        """One round."""
        await fetch(_OVER)
        for row in await fetch(_KNOWN, AT_ONCE):
            if await self._payments.look(row["edition"]):
                break  # a node that is away is waited for once a round; next time the others come first
        wanted = [Payment.of(row) for row in await fetch(_WANTED, PAYERS)]
        for terms, group in groupby(wanted, lambda one: Terms(one.chain_id, one.recipient, one.token)):
            await self._search(terms, list(group))

    async def _search(self, terms: Terms, group: list[Payment]) -> None:
        if trouble := await self._searched(terms, group):
            for payment in group:
                if payment.tx_hash is None:
                    await rows.put_off(payment, trouble, self._settings.now.payment_watch_seconds)

    async def _searched(self, terms: Terms, asked: list[Payment]) -> Trouble | None:
        height = await head(self._node, terms.chain_id)
        if isinstance(height, Trouble):
            return height
        group: list[Payment] = []
        for payment in asked:
            begun = await self._payments.begun(payment)
            if isinstance(begun, Trouble):
                return begun
            group.append(begun)
        search = self._searches[terms.token is not None]
        first = min(_searched(one) for one in group) + 1
        last = min(height, first + search.most - 1)
        payers = {one.payer for one in group if one.payer}
        found = await search.found(terms.recipient or "", terms.token, payers, first, last) if first <= last else []
        if isinstance(found, Trouble):
            return found
        used = await rows.used(ProviderName.EVM, terms.chain_id or 0, {one.tx_hash for one in found})
        for payment, paid in _matched(group, [one for one in found if one.tx_hash not in used]):
            if await rows.told(payment, paid.tx_hash, TOLD):
                await self._payments.look(payment.edition)
        # What is not settled may be another tomorrow, so it is searched again.
        settled = min(last, height - self._settings.now.payment_confirmations)
        await fetch(_SEARCHED, [one.edition for one in group], settled)
        return None


def _searched(payment: Payment) -> int:
    known = payment.since_block if payment.watched_block is None else payment.watched_block
    return known or 0


def _matched(group: Iterable[Payment], found: Iterable[Paid]) -> Iterator[tuple[Payment, Paid]]:
    """For each the first that is enough; where nothing else was told, the largest that is not."""
    by_payer: dict[str, list[Paid]] = {}
    for paid in found:
        by_payer.setdefault(paid.payer, []).append(paid)
    for payment in group:
        mine = [one for one in by_payer.get(payment.payer or "", []) if one.block > (payment.since_block or 0)]
        enough = [one for one in mine if one.amount >= payment.amount]
        if enough:
            yield payment, min(enough, key=lambda one: one.block)
        elif mine and payment.tx_hash is None:
            yield payment, max(mine, key=lambda one: one.amount)
