"""What takes payments, as intake runs it, and people who have to pay."""

import secrets
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from appliance.config import Config
from appliance.ledger.database import fetch, fetch_one
from appliance.payments import rows
from appliance.payments.rpc import Node
from appliance.payments.service import Payments
from appliance.payments.watch import Watch
from tests.daemons.anvil import COIN, Anvil

PRICE = COIN // 2
_STEP = """
UPDATE profile_editions SET state = $2, approved_at = now(), approved_by = 'rita', look_at = NULL,
    published_at = CASE WHEN $2 = 'published' THEN now() ELSE published_at END
WHERE id = $1
"""
STEPS = ["in_review", "processing", "published"]


async def user(user_id: str) -> None:
    await fetch("INSERT INTO users (id, name) VALUES ($1, 'wallet')", user_id)


@dataclass
class Person:
    """Somebody with a wallet and an edition that is to be paid."""

    user_id: str
    wallet: str
    profile: UUID
    edition: UUID


async def _step(edition: UUID, state: str) -> None:
    await fetch(_STEP, edition, state)


class House:
    """`now` is the configuration, as settings are read."""

    def __init__(self, chain: Anvil, config: Config) -> None:
        self.chain, self.now = chain, config
        self.node = Node(config.payment_rpc_url)
        self.payments, self.watch = self.made_of(self.node)

    def made_of(self, node: Node) -> tuple[Payments, Watch]:
        payments = Payments(node, self)
        return payments, Watch(payments, node, self)

    def set(self, **settings: Any) -> None:
        self.now = replace(self.now, **settings)

    @property
    def recipient(self) -> str:
        return self.now.payment_recipient

    async def close(self) -> None:
        await self.node.close()

    async def person(self, account: int = 1, begun: bool = True) -> Person:
        """One whose wallet is this account of the chain; asked to pay, if that is set. begun: from the next block on,
        where else a minute of the other tests' payments would count too.
        """
        wallet, user_id = self.chain.accounts()[account], secrets.token_hex(8)
        await user(user_id)
        await fetch("INSERT INTO wallets (address, user_id) VALUES ($1, $2)", wallet, user_id)
        row = await fetch_one("INSERT INTO profiles (user_id) VALUES ($1) RETURNING id", user_id)
        assert row
        one = Person(user_id, wallet, row["id"], await self.edition(row["id"]))
        await self.payments.quote(one.edition, user_id)
        if begun:
            await rows.since(one.edition, self.chain.head())
        return one

    async def edition(self, profile: UUID) -> UUID:
        row = await fetch_one("INSERT INTO profile_editions (profile, name) VALUES ($1, 'Ann') RETURNING id", profile)
        assert row
        edition: UUID = row["id"]
        await _step(edition, "awaiting_payment")
        return edition

    async def moved(self, one: Person, state: str) -> None:
        """As the gates move an edition, one after the other; a moderator likes it."""
        for step in STEPS[: STEPS.index(state) + 1] if state in STEPS else [state]:
            await _step(one.edition, step)

    async def rung(self, one: Person) -> bool:
        """Whether the gates were told since this was asked last."""
        row = await fetch_one(
            "UPDATE profile_editions e SET look_at = NULL FROM (SELECT id, look_at FROM profile_editions) before"
            " WHERE e.id = before.id AND e.id = $1 RETURNING before.look_at",
            one.edition,
        )
        return bool(row and row["look_at"])

    async def told(self, one: Person, tx_hash: str) -> dict[str, Any]:
        return await self.payments.tell(one.edition, tx_hash)

    async def looked(self, one: Person, rounds: int = 1) -> dict[str, Any]:
        """What is shown after so many rounds of the chore."""
        for _ in range(rounds):
            await self.due()
            await self.watch.look()
        shown = await self.payments.shown(one.edition)
        assert shown
        return shown

    async def due(self) -> None:
        """As if the time had come to look at all that is still looked at."""
        await fetch("UPDATE profile_payments SET look_at = now() WHERE look_at IS NOT NULL")

    def pay(self, one: Person, amount: int = PRICE, payer: str = "") -> str:
        return self.chain.pay(payer or one.wallet, self.recipient, amount)
