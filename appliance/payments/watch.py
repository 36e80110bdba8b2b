"""The chore that looks for payments: those that are known, again and again until they are settled; and for new ones, by
searching the chain for what came from the wallets that have to pay. Nothing is asked while nobody has to.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from appliance.config import Settings
from appliance.ledger.database import fetch
from appliance.payments import rows
from appliance.payments.chain import block_at, head, number
from appliance.payments.rows import COLUMNS, Payment
from appliance.payments.rpc import Node, Trouble
from appliance.payments.searching import Coins, Paid, Search, Tokens
from appliance.payments.service import TOLD, Payments
from appliance.payments.settings import ProviderName

AT_ONCE = 100
"""Payments that one round looks at."""
PAYERS = 500
"""Wallets that one round searches for."""
TRIED = 50
"""Transactions of one wallet that one round looks at."""
ELSEWHERE = "It was asked for on another chain than the one that is looked at now"

# Of editions that wait for no payment any more, nothing is looked for.
_OVER = """
UPDATE profile_payments p SET look_at = NULL FROM profile_editions e
WHERE p.look_at <= now() AND e.id = p.edition AND e.state IN ('published', 'rejected', 'expired')
"""
_ELSEWHERE = """
UPDATE profile_payments SET reason = $2
WHERE look_at IS NOT NULL AND provider = 'evm' AND status = 'due' AND chain_id <> $1 AND reason <> $2
"""
# Those that came to their gate before the operator had said what is to be paid.
_UNASKED = """
UPDATE profile_editions e SET look_at = now()
WHERE e.state = 'awaiting_payment' AND NOT EXISTS (SELECT FROM profile_payments p WHERE p.edition = e.id)
"""
_KNOWN = """
SELECT p.edition FROM profile_payments p
WHERE p.look_at <= now() AND p.provider = 'evm' AND p.chain_id = $2 AND p.tx_hash IS NOT NULL
ORDER BY p.look_at LIMIT $1
"""
# As many of those that are the furthest behind as of those that are the least.
_WANTED = f"""
WITH wanted AS (
    SELECT * FROM profile_payments p
    WHERE p.look_at IS NOT NULL AND p.provider = 'evm' AND p.chain_id = $2 AND p.status = 'due' AND p.payer IS NOT NULL
)
SELECT {COLUMNS} FROM wanted p WHERE p.edition = ANY (ARRAY(
    (SELECT w.edition FROM wanted w ORDER BY coalesce(w.watched_block, w.since_block) NULLS FIRST LIMIT $1)
    UNION (SELECT w.edition FROM wanted w ORDER BY coalesce(w.watched_block, w.since_block) DESC NULLS LAST LIMIT $1)
)) ORDER BY p.recipient, p.token
"""
_SEARCHED = """
UPDATE profile_payments SET watched_block = greatest($2, watched_block, since_block),
    searched_until = greatest(searched_until, to_timestamp($3)),
    reason = CASE WHEN tx_hash IS NULL THEN '' ELSE reason END  -- it can be asked again
WHERE edition = ANY ($1::uuid[]) AND (
    coalesce(watched_block, since_block) < $2 OR coalesce(searched_until, '-infinity') < to_timestamp($3)
    OR (tx_hash IS NULL AND reason <> '')
)
"""


class Terms(NamedTuple):
    """What payments of a chain have in common that are searched for together."""

    recipient: str | None
    token: str | None


class Watch:
    """One round at a time."""

    def __init__(self, payments: Payments, node: Node, settings: Settings) -> None:
        self._payments, self._node, self._settings = payments, node, settings
        self._possible = False
        self._searches: dict[bool, Search] = {True: Tokens(node), False: Coins(node)}

    async def look(self) -> None:
        """One round."""
        before, self._possible = self._possible, self._payments.possible
        if self._possible and not before:
            await fetch(_UNASKED)
        chain_id = self._settings.now.payment_chain_id
        await fetch(_OVER)
        await fetch(_ELSEWHERE, chain_id, ELSEWHERE)
        for row in await fetch(_KNOWN, AT_ONCE, chain_id):
            trouble = await self._payments.look(row["edition"])
            if trouble and trouble.away:
                # It is waited for once a round; next time the others come first.
                await self._put_off(await _wanted(chain_id), trouble)
                return
        for terms, group in groupby(await _wanted(chain_id), lambda one: Terms(one.recipient, one.token)):
            await self._search(chain_id, terms, list(group))

    async def _search(self, chain_id: int, terms: Terms, asked: list[Payment]) -> None:
        height = await head(self._node, chain_id)
        if isinstance(height, Trouble):
            await self._put_off(asked, height)
            return
        group = await self._begun(asked)
        for some in _apart(group, height - self._search_of(terms).most):
            if trouble := await self._searched(chain_id, terms, some, height):
                await self._put_off(some, trouble)

    def _search_of(self, terms: Terms) -> Search:
        return self._searches[terms.token is not None]

    async def _put_off(self, group: Iterable[Payment], trouble: Trouble) -> None:
        for payment in group:
            if payment.tx_hash is None:
                await rows.put_off(payment, trouble, self._settings.now.payment_watch_seconds)

    async def _begun(self, asked: list[Payment]) -> list[Payment]:
        """Those of which it is known from which block on they may be paid."""
        group: list[Payment] = []
        for place, payment in enumerate(asked):
            match await self._payments.begun(payment):
                case Trouble() as trouble if trouble.away:
                    await self._put_off(asked[place:], trouble)
                    break
                case Trouble() as trouble:
                    await self._put_off([payment], trouble)
                case begun:
                    group.append(begun)
        return group

    async def _searched(self, chain_id: int, terms: Terms, group: list[Payment], height: int) -> Trouble | None:
        search = self._search_of(terms)
        first = min(_searched(one) for one in group) + 1
        last = min(height, first + search.most - 1)
        payers = {one.payer for one in group if one.payer}
        found = await search.found(terms.recipient or "", terms.token, payers, first, last) if first <= last else []
        if isinstance(found, Trouble):
            return found
        newest = await block_at(self._node, height) if last == height else None
        if isinstance(newest, Trouble):
            return newest
        used = await rows.used(ProviderName.EVM, chain_id, {one.tx_hash for one in found})
        searched = {one.edition for one in group}
        for payment, paid in _matched(group, [one for one in found if one.tx_hash not in used]):
            if await self._tried(payment, paid[:TRIED]):
                searched.discard(payment.edition)
        # What is not settled may be another tomorrow, so it is searched again; if deep in the chain, once it is told.
        settled = min(last, height - min(self._settings.now.payment_confirmations, search.most // 2))
        until = number(newest.timestamp) if newest else None
        await fetch(_SEARCHED, list(searched), settled, until)
        return None

    async def _tried(self, payment: Payment, paid: list[Paid]) -> Trouble | None:
        """Looks at one after the other until one is good: only by looking is it known which have failed."""
        now: Payment | None = payment
        for one in paid:
            if now is None or now.status != "due":
                break
            if await rows.told(now, one.tx_hash, TOLD) and (trouble := await self._payments.look(now.edition)):
                return trouble
            now = await rows.one(payment.edition)
        return None


async def _wanted(chain_id: int) -> list[Payment]:
    """Those that a payment is searched for."""
    return [Payment.of(row) for row in await fetch(_WANTED, PAYERS, chain_id)]


def _searched(payment: Payment) -> int:
    known = payment.since_block if payment.watched_block is None else payment.watched_block
    return known or 0


def _apart(group: list[Payment], near: int) -> list[list[Payment]]:
    """Those that are searched for together: all up to whom the chain was searched to `near`; and of the others, as of
    who comes back after a month, the least and the furthest behind: nobody keeps the rest from being found.
    """
    behind = sorted((one for one in group if _searched(one) < near), key=_searched)
    least = [one for one in behind if _searched(one) == _searched(behind[-1])]
    parts = ([one for one in group if _searched(one) >= near], least, [one for one in behind if one not in least])
    return [part for part in parts if part]


def _matched(group: Iterable[Payment], found: Iterable[Paid]) -> Iterator[tuple[Payment, list[Paid]]]:
    """For each those that are enough, the oldest first; where nothing else was told, the largest that is not."""
    by_payer: dict[str, list[Paid]] = {}
    for paid in found:
        by_payer.setdefault(paid.payer, []).append(paid)
    for payment in group:
        mine = [one for one in by_payer.get(payment.payer or "", []) if one.block > (payment.since_block or 0)]
        enough = [one for one in mine if one.amount >= payment.amount]
        if enough:
            yield payment, sorted(enough, key=lambda one: one.block)
        elif mine and payment.tx_hash is None:
            yield payment, [max(mine, key=lambda one: one.amount)]
