"""Single-use tickets, kept in Valkey under their SHA-256: found once, or refused."""

import secrets
from hashlib import sha256
from typing import NamedTuple

from redis.asyncio import Redis

from appliance.accounts.whose import Whose
from appliance.errors import NotAuthenticated, Unavailable
from appliance.valkey import LOST
from storage import layout


class Admission(NamedTuple):
    """What a websocket's ticket is worth: whose events, whether it was a server with a key that asked for it, and for
    which of an application's users. limited: good for profiles alone.
    """

    owner: Whose
    server: bool = False
    user: str | None = None
    limited: bool = False

    @property
    def person(self) -> str | None:
        """Whose notifications it opens."""
        return self.user or (self.owner.id if self.owner.root == layout.USERS else None)

    def written(self) -> str:
        asker = "server" if self.server else "limited" if self.limited else "client"
        return f"{self.owner.root} {self.owner.id} {asker} {self.user or ''}".rstrip()

    def must_be_of(self, owner: Whose) -> None:
        """Raises NotAuthenticated for a ticket of anybody else, or of nobody."""
        if self.owner != owner:
            raise NotAuthenticated(f"a fresh ticket of this {owner.noun} is needed")

    @classmethod
    def read(cls, text: str) -> "Admission":
        root, owner, asker, user, *_ = [*text.split(" "), "", "", "", ""]
        return cls(Whose(root, owner), asker == "server", user or None, asker == "limited")


class Tickets:
    """Tickets of one purpose, each worth one text."""

    def __init__(self, redis: Redis, purpose: str) -> None:
        self._redis = redis
        self._purpose = purpose

    def _key(self, ticket: str) -> str:
        return f"darkroom:{self._purpose}:{sha256(ticket.encode()).hexdigest()}"

    async def issue(self, worth: str, seconds: int, ticket: str | None = None) -> str:
        """A new ticket, good for `seconds`, made up unless it is given. Raises Unavailable."""
        ticket = ticket or secrets.token_urlsafe(24)
        try:
            await self._redis.set(self._key(ticket), worth, ex=seconds)
        except LOST as error:
            raise Unavailable("Tickets can't be issued at the moment; try again") from error
        return ticket

    async def redeem(self, ticket: str) -> str | None:
        """What the ticket is worth, once; None when it is unknown, used, or too old. Raises Unavailable."""
        try:
            worth = await self._redis.getdel(self._key(ticket))
        except LOST as error:
            raise Unavailable("Tickets can't be checked at the moment; try again") from error
        return worth.decode() if worth else None
