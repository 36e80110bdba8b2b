"""Payments of editions: quoted, shown, told of, looked at, marked."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from appliance.accounts.addresses import checksummed
from appliance.config import Settings
from appliance.errors import BadRequest, Conflict, NotFound
from appliance.ledger.database import fetch
from appliance.logs import log
from appliance.payments import rows
from appliance.payments.chain import last_before
from appliance.payments.evm import Evm
from appliance.payments.manual import Manual
from appliance.payments.provider import Finding, Provider, Terms, Unset
from appliance.payments.rows import Payment
from appliance.payments.rpc import Node, Trouble
from appliance.payments.settings import ProviderName
from appliance.payments.waived import Waived

LEEWAY_SECONDS = 60.0  # a block says when it was begun, by another clock
SETTLED = 12  # so much more seldom a payment is looked at that is confirmed
LATE = timedelta(days=1)
AT_ONCE_SECONDS = 3.0  # that somebody who tells of a payment waits for what the chain says to it
HASH = re.compile(r"0x[0-9a-fA-F]{64}")
USED = "Something else was paid with this transaction already"
TOLD = "The transaction is being looked for"
NO_WALLET = "This user has no wallet to pay from"

_QUOTE = "SELECT ledger.quote_payment($1, $2, $3, $4, $5, $6, $7, $8, $9::text::numeric, $10, $11, $12, $13)"


class Standing(NamedTuple):
    """`status` is one of a payment's, or `unset`: none can be asked for. `reason`: why it is not good yet."""

    status: str
    reason: str

    @property
    def good(self) -> bool:
        """Whether the edition may pass."""
        return self.status in ("confirmed", "waived")


class Payments:
    """One a process. What nobody is asked for by the settings has no row."""

    def __init__(self, node: Node, settings: Settings) -> None:
        self._node, self._settings = node, settings
        self._chain = Evm(node)
        self._providers: dict[str, Provider] = {one.name: one for one in (self._chain, Manual(), Waived())}

    async def quote(self, edition: UUID, user_id: str) -> None:
        """Asks for what is to be paid as the settings are now, if that was not done yet, and is possible; what was
        begun for an edition that was never shown goes on.
        """
        name, terms = self._terms()
        if isinstance(terms, Unset):
            return
        asked = (terms.chain_id, terms.recipient, terms.token, terms.symbol, terms.decimals, str(terms.amount))
        hours = self._settings.now.profile_payment_hours
        await fetch(_QUOTE, edition, user_id, name, *asked, terms.waived, terms.watched, NO_WALLET, hours)

    async def standing(self, edition: UUID) -> Standing:
        """How the payment stands. It may be undone later: `ledger.note_payment` has its edition looked at then."""
        if payment := await rows.one(edition):
            return Standing(payment.status, payment.reason)
        _, terms = self._terms()
        return Standing("unset", terms.why) if isinstance(terms, Unset) else Standing("due", "")

    async def missed(self, edition: UUID, deadline: datetime) -> bool:
        """Whether it was not paid by then. Of what is paid on a chain this is known once that was searched to a later
        moment; a day after the deadline at the latest, and so long a transaction that was told of is waited for. What
        is in a block already is waited for as long as its chain is asked.
        """
        payment, now = await rows.one(edition), datetime.now(UTC)
        if now <= deadline or payment is None or payment.provider != ProviderName.EVM:
            return deadline < now
        if payment.status == "seen" and self._node.there and payment.chain_id == self._settings.now.payment_chain_id:
            return False
        searched = payment.payer is None or (payment.searched_until is not None and payment.searched_until > deadline)
        return (payment.tx_hash is None and searched) or deadline + LATE < now

    @property
    def possible(self) -> bool:
        """Whether the settings say what is to be paid, or that nothing is."""
        return not isinstance(self._terms()[1], Unset)

    async def shown(self, edition: UUID) -> dict[str, Any] | None:
        """For who pays; None where nothing was asked for yet."""
        payment = await rows.one(edition)
        return self.as_told(payment) if payment else None

    def as_told(self, payment: Payment) -> dict[str, Any]:
        """Addresses as people see them; the amount as text, which is exact in every language."""
        found = {name: getattr(payment, name) for name in ("recipient", "token", "payer")}
        return {
            **{name: getattr(payment, name) for name in ("provider", "status", "reason", "chain_id")},
            **{name: address and checksummed(address) for name, address in found.items()},
            **{name: getattr(payment, name) for name in ("symbol", "decimals", "tx_hash", "confirmations")},
            "amount": str(payment.amount),
            "confirmations_needed": self._settings.now.payment_confirmations,
        }

    async def tell(self, edition: UUID, tx_hash: str) -> dict[str, Any]:
        """Notes by which transaction it is paid, and looks at it, if the chain answers soon; else that comes later.

        Raises BadRequest, NotFound where nothing is asked for, and Conflict for one that was paid otherwise.
        """
        if not HASH.fullmatch(tx_hash):
            raise BadRequest("The transaction's hash is not valid", tx_hash="0x and 64 hexadecimal digits")
        payment = await self._asked(edition)
        if payment.provider != ProviderName.EVM:
            raise Conflict("This is not paid on a chain")
        if payment.status != "due" and payment.tx_hash != tx_hash.lower():
            raise Conflict("This is paid already, by another transaction")
        await rows.told(payment, tx_hash.lower(), TOLD)
        try:
            async with asyncio.timeout(AT_ONCE_SECONDS):
                await self.look(edition)
        except TimeoutError:
            pass
        return self.as_told(await self._asked(edition))

    async def mark(self, edition: UUID, reference: str, note: str, who: str) -> dict[str, Any]:
        """An operator has seen the payment. Raises NotFound, Conflict."""
        payment = await self._asked(edition)
        if payment.provider != ProviderName.MANUAL:
            raise Conflict("This payment is not for an operator to mark")
        if payment.status == "due":
            marked = await rows.note(payment, "confirmed", note, tx_hash=reference, who=who)
            if marked != "noted":
                raise Conflict(USED if marked == "used" else "This edition waits for no payment any more")
            log.info("payment marked", edition=str(edition), who=who)
        elif payment.tx_hash != reference:
            raise Conflict("This is marked as paid already, with another reference")
        return self.as_told(await self._asked(edition))

    async def look(self, edition: UUID) -> Trouble | None:
        """Asks the chain about the transaction that was told or found, notes the answer, or gives why there is none."""
        payment = await rows.one(edition)
        if payment is None or payment.provider != ProviderName.EVM or not payment.tx_hash:
            return None
        found: Finding | Trouble
        begun = await self.begun(payment)
        if isinstance(begun, Trouble):
            found = begun
        else:
            found = await self._chain.look(begun, self._settings.now.payment_confirmations)
        await self._note(payment, found)
        return found if isinstance(found, Trouble) else None

    async def begun(self, payment: Payment) -> Payment | Trouble:
        """The same, with the block at which it was asked for: found out once, and what is older pays nothing."""
        if payment.since_block is not None:
            return payment
        found = await last_before(self._node, payment.chain_id, payment.created_at.timestamp() - LEEWAY_SECONDS)
        if isinstance(found, Trouble):
            return found
        await rows.since(payment.edition, found)
        return replace(payment, since_block=found)

    async def _note(self, payment: Payment, found: Finding | Trouble) -> None:
        pause = self._settings.now.payment_watch_seconds
        if isinstance(found, Trouble):
            await rows.put_off(payment, found, pause)
            return
        if found.status == "confirmed":
            pause *= SETTLED
        where = (found.block, found.block_hash)
        if (found.status, *where) == (payment.status, payment.block, payment.block_hash) == ("confirmed", *where):
            await rows.settled(payment.edition, pause)
            return
        said = await rows.note(payment, found.status, found.reason, pause, None, where, found.confirmations)
        if said == "used":
            await rows.note(payment, "due", USED, pause)
        elif said == "noted" and found.status != payment.status:
            log.info("payment", edition=str(payment.edition), status=found.status, reason=found.reason)

    async def _asked(self, edition: UUID) -> Payment:
        if payment := await rows.one(edition):
            return payment
        raise NotFound("There is no payment that this waits for")

    def _terms(self) -> tuple[str, Terms | Unset]:
        config = self._settings.now
        if provider := self._providers.get(config.payment_provider):
            return provider.name, provider.terms(config)
        return "", Unset("payment is not set up: payment_provider must be evm, manual or none")
