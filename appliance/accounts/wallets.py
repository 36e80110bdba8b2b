"""Who signs in with a wallet: challenged, checked, and found by address or made."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import NamedTuple, Protocol

import asyncpg

from appliance.accounts import siwe
from appliance.accounts.addresses import checksummed
from appliance.accounts.owners import USERS
from appliance.accounts.signatures import digest, signer
from appliance.accounts.tickets import Tickets
from appliance.accounts.whose import Whose
from appliance.config import Settings
from appliance.errors import BadRequest, NotAuthenticated
from appliance.ledger.database import fetch, fetch_one
from appliance.quotas.newcomers import Newcomers

CHALLENGE_SECONDS = 600
ANY_CHAIN = 1  # what the message names where nobody chose: Ethereum itself
NAME = "wallet"  # a user's name, that tells no address

_FOUND = """
SELECT w.user_id FROM wallets w JOIN users u ON u.id = w.user_id AND u.deleted_at IS NULL WHERE w.address = $1
"""
# Of a user who was deleted the wallet is free again.
_FREE = """
DELETE FROM wallets w WHERE w.address = $1
    AND NOT EXISTS (SELECT FROM users u WHERE u.id = w.user_id AND u.deleted_at IS NULL)
"""
_ALSO = "INSERT INTO wallets (address, user_id) SELECT $5, id FROM made"


class Contracts(Protocol):
    """Who can ask a wallet that is a contract."""

    async def must_have_signed(self, address: str, chain_id: int, hashed: bytes, signature: bytes) -> None:
        """Raises NotAuthenticated, also where that can't be found out here; Unavailable."""


class Challenge(NamedTuple):
    message: str
    nonce: str
    expires_at: datetime


class Wallets:
    """Challenges are kept as tickets worth the hash of what is to be signed: nothing else is let in, and once."""

    def __init__(self, challenges: Tickets, contracts: Contracts, newcomers: Newcomers, settings: Settings) -> None:
        self._challenges, self._contracts, self._settings = challenges, contracts, settings
        self._newcomers = newcomers
        self._calculating = asyncio.Lock()

    async def challenge(self, url: str, address: str, chain_id: int | None) -> Challenge:
        """What the wallet `address` has to sign to be let in at the public address `url`. Raises BadRequest,
        Unavailable.
        """
        wanted = self._settings.now.payment_chain_id
        if wanted and chain_id not in (None, wanted):
            raise BadRequest("This is another chain than the one here", chain_id=f"choose {wanted} in the wallet")
        now = datetime.now(UTC).replace(microsecond=0)
        ends, nonce = now + timedelta(seconds=CHALLENGE_SECONDS), secrets.token_hex(16)
        domain, chain = url.partition("://")[2], wanted or chain_id or ANY_CHAIN
        message = siwe.Message(domain, address, url + "/", chain, nonce, now, ends).written()
        await self._challenges.issue(_worth(message), CHALLENGE_SECONDS, nonce)
        return Challenge(message, nonce, ends)

    async def let_in(self, url: str, text: str, signature: bytes, mark: str | None = None) -> tuple[Whose, str]:
        """The user whose wallet signed `text`, and its address. mark: of the network address that one who is new counts
        for.

        Raises BadRequest, NotAuthenticated, TooManyNewcomers, Unavailable.
        """
        try:
            message = siwe.parsed(text)
        except ValueError as error:
            raise BadRequest("The message is not valid", message=str(error)) from None
        config = self._settings.now
        if wrong := message.wrong(url, config.payment_chain_id, datetime.now(UTC), config.clock_seconds):
            raise NotAuthenticated(wrong)
        if await self._challenges.redeem(message.nonce) != _worth(text):
            raise NotAuthenticated("This is not what was given to be signed, or it was used already; ask for a new one")
        address, hashed = message.address.lower(), digest(text)
        # In a thread, and one at a time: it would hold up everybody else for as long as it calculates.
        async with self._calculating:
            signed_by = await asyncio.to_thread(signer, hashed, signature)
        if signed_by != address:
            await self._contracts.must_have_signed(address, message.chain_id, hashed, signature)
        return Whose(USERS.root, await user(address, partial(self._newcomers.admit, mark))), address


def _worth(message: str) -> str:
    return sha256(message.encode()).hexdigest()


async def address_of(user_id: str) -> str | None:
    """The wallet of a user, as people see it; None for one who has none."""
    return (await addresses_of([user_id])).get(user_id)


async def addresses_of(user_ids: Sequence[str]) -> dict[str, str]:
    """The same of several, by user; without those who have none."""
    rows = await fetch("SELECT user_id, address FROM wallets WHERE user_id = ANY ($1)", list(user_ids))
    return {row["user_id"]: checksummed(row["address"]) for row in rows}


async def user(address: str, admit: Callable[[], Awaitable[None]]) -> str:
    """The id of the user whose wallet this is, who is made if there is none: one, whoever else asks at once.

    admit: is asked about who is new, and raises for who is not to be let in.
    """
    while (found := await fetch_one(_FOUND, address)) is None:
        await admit()
        await fetch(_FREE, address)
        try:
            return (await USERS.create(NAME, None, _ALSO, address)).id
        except asyncpg.UniqueViolationError:
            continue  # another was faster
    return str(found["user_id"])
