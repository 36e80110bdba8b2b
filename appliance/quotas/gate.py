"""Where each request is counted, for its project, its user and its address."""

from litestar.connection import ASGIConnection
from redis.asyncio import Redis

from appliance.accounts.callers import Caller
from appliance.config import Settings
from appliance.ledger.service import Asker
from appliance.quotas.address import Marks
from appliance.quotas.limits import Defaults
from appliance.quotas.requests import Requests


class Gate:
    """Knows whom a request counts for. A server with a key asks for others: neither it nor its address is counted."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._defaults = Defaults(settings)
        self._requests = Requests(redis, self._defaults.limits)
        self._marks = Marks(settings.now.token_secret)

    async def admit(self, connection: ASGIConnection, caller: Caller | None) -> None:
        """Counts a request of `caller`, None for a stranger. Raises TooManyRequests."""
        if caller is None:
            await self._requests.admit(None, None, self._marks.of(connection))
        elif not caller.server:
            owner = caller.owner if caller.moderator is None else None  # moderators own nothing: only addresses count
            await self._requests.admit(owner, caller.user, self.mark(connection, caller.server))

    def asker(self, connection: ASGIConnection, caller: Caller) -> Asker:
        """Whom an upload counts for that `caller` asks for, besides its owner."""
        return Asker(caller.user, self.mark(connection, caller.server), self._defaults.slots())

    def mark(self, connection: ASGIConnection, server: bool) -> str | None:
        """What the address of `connection` is counted by; None for a `server`, and where no address is known."""
        return None if server else self._marks.of(connection)
