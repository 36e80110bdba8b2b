"""A model of the gates: what people, moderators, payments and the sweep may do in any order, and what must hold."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from uuid import UUID, uuid4

from appliance.accounts import owners
from appliance.config import Config
from appliance.errors import Conflict, NotFound
from appliance.ledger.database import fetch
from appliance.ledger.service import Failure
from appliance.payments.rpc import Node
from appliance.payments.service import Payments
from appliance.profiles import editions, moderation, pages
from appliance.profiles.editions import Busy, Edition, Editions
from appliance.profiles.form import Form
from appliance.profiles.gates import Ground
from appliance.profiles.pipeline import Pipeline
from appliance.profiles.states import ON_ITS_WAY
from tests.ledger.book import Book
from tests.ledger.test_profiles import picture

USERS, MODERATORS = ("anna", "ben"), ("vera", "olga")
PROVIDERS = ("", "manual", "none")
FORM = Form("Anna", None, "", ["go"], False)

UNASKED = """
SELECT e.id FROM profile_editions e WHERE e.state IN ('draft', 'awaiting_payment')
    AND NOT EXISTS (SELECT FROM profile_payments p WHERE p.edition = e.id)
"""
UNDO = """
SELECT ledger.note_payment(edition, status, tx_hash, 'due', NULL, 'undone', NULL, NULL, 0, 'chain', 0) AS verdict
FROM profile_payments WHERE edition = $1 AND status = 'confirmed'
"""


class Broken(AssertionError):
    """A promise that was not kept."""


class Settings:
    def __init__(self) -> None:
        self.now = Config(payment_provider="manual")


class World:
    """What the model knows from outside: who approved what, and what was paid or let through. Nothing is read back."""

    def __init__(self, book: Book) -> None:
        self.book, self.settings = book, Settings()
        self.moves = Editions(book._ring, self.settings)
        self.payments = Payments(Node(""), self.settings)
        self.pipeline = Pipeline(Ground(self.moves, self.payments, book.ledger, self.settings))
        self.approved: set[UUID] = set()
        self.paid: set[UUID] = set()
        self.seen: set[UUID] = set()  # published at some time
        self.acts: tuple[Callable[[int], Awaitable[object]], ...] = (
            *(self.send_in, self.pay, self.undo, self.claim, self.approve, self.approve, self.reject, self.look),
            *(self.look, self.work, self.work_badly, self.withdraw, self.remove, self.set_provider, self.crash),
        )

    @classmethod
    async def begun(cls, book: Book) -> "World":
        for user in USERS:
            await owners.USERS.create("wallet", user)
        return cls(book)

    async def under_way(self, dice: int) -> Edition | None:
        """One of those on their way."""
        sql = "SELECT id FROM profile_editions WHERE state = ANY ($1) ORDER BY id"
        found = [row["id"] for row in await fetch(sql, list(ON_ITS_WAY))]
        return await editions.edition(found[dice % len(found)]) if found else None

    async def send_in(self, dice: int) -> None:
        user = USERS[dice % 2]
        assets = {"video": await picture(self.book, user, "video", "draft")}
        try:
            made = await self.moves.open(user, FORM, [], assets)
        except Busy:
            return
        carried = await fetch("SELECT status FROM profile_payments WHERE edition = $1", made)
        if carried:  # the payment of one that was never seen
            self.paid.add(made)

    async def pay(self, dice: int) -> None:
        """As the provider notes it, once there is something to be paid."""
        if one := await self.under_way(dice):
            try:
                told = await self.payments.mark(one.id, uuid4().hex, "", "operator")
            except (Conflict, NotFound):
                return
            if told["status"] == "confirmed":
                self.paid.add(one.id)

    async def undo(self, dice: int) -> None:
        """The block that it was in is none of the chain's any more."""
        one = await self.under_way(dice)
        if one is None:
            return
        for row in await fetch(UNDO, one.id):
            if row["verdict"] == "noted":
                self.paid.discard(one.id)

    async def claim(self, dice: int) -> None:
        for one in await moderation.queue(pages.FIRST, 10):
            try:
                await moderation.claim(one.edition_id, MODERATORS[dice % 2], 900)
            except Conflict:
                continue

    async def approve(self, dice: int) -> None:
        if one := await self.under_way(dice):
            try:
                await moderation.approve(self.moves, one.id, MODERATORS[dice % 2])
            except (Conflict, NotFound):
                return
            self.approved.add(one.id)

    async def reject(self, dice: int) -> None:
        if one := await self.under_way(dice):
            try:
                await moderation.reject(self.moves, one.id, MODERATORS[dice % 2], "no")
            except (Conflict, NotFound):
                return
            self.approved.discard(one.id)

    async def look(self, _: int) -> None:
        await fetch("UPDATE profile_editions SET look_at = now() WHERE look_at IS NOT NULL")  # time goes by
        if self.settings.now.payment_provider == "none":
            self.paid |= {row["id"] for row in await fetch(UNASKED)}  # what comes to that gate now is let through
        await self.pipeline.look()

    async def work(self, _: int) -> None:
        """What waits for a worker is made."""
        for row in await fetch("SELECT id FROM ledger.assets WHERE state = 'uploaded'"):
            if claim := await self.book.ledger.claim(row["id"], 30):
                await self.book.finish(claim)

    async def work_badly(self, _: int) -> None:
        for row in await fetch("SELECT id FROM ledger.assets WHERE state = 'uploaded' LIMIT 1"):
            if claim := await self.book.ledger.claim(row["id"], 30):
                await self.book.ledger.fail(claim, Failure("unreadable", "This file can't be read."))

    async def withdraw(self, dice: int) -> None:
        if one := await self.under_way(dice):
            await self.moves.withdraw(one.profile)

    async def remove(self, dice: int) -> None:
        if dice % 3 == 0 and (one := await self.under_way(dice)):
            await self.moves.remove(one.profile)

    async def set_provider(self, dice: int) -> None:
        self.settings.now = replace(self.settings.now, payment_provider=PROVIDERS[dice % len(PROVIDERS)])

    async def crash(self, dice: int) -> None:
        """Somebody who has taken what is due dies at it: half a minute later it is due again."""
        await fetch("UPDATE profile_editions SET look_at = now() + interval '30 seconds' WHERE look_at <= now()")

    async def check(self) -> None:
        """What everybody can see was approved, and paid or let through; one edition a profile, and no draft's media."""
        shown, _ = await editions.published(None, pages.LAST, 1000)
        for one in shown:
            if one.id in self.seen:
                continue  # a payment that is undone later takes nothing away
            if one.id not in self.approved:
                raise Broken("published without an approval")
            if one.id not in self.paid:
                raise Broken("published without a payment")
            self.seen.add(one.id)
        if len({one.profile for one in shown}) < len(shown):
            raise Broken("two editions of a profile are to be seen")

    async def rest(self) -> None:
        """Once everybody does their part, all that is on its way comes to its end, from wherever it was left."""
        self.settings.now = replace(self.settings.now, payment_provider="manual")
        await fetch("UPDATE profile_editions SET claimed_by = NULL WHERE claimed_by IS NOT NULL")  # each claim runs out
        for _ in range(8):
            for turn in range(len(USERS)):
                await self.look(0)
                await self.pay(turn)
                await self.claim(0)
                for which in (0, 2):  # vera, whichever edition
                    await self.approve(which + 2 * turn)
                await self.work(0)
                await self.check()
        left = await self.under_way(0)
        if left is not None:
            raise Broken(f"an edition stays {left.state}: {left.reason}")
        if await fetch("SELECT FROM ledger.assets WHERE state IN ('uploaded', 'processing')"):
            raise Broken("media stay in the middle")
