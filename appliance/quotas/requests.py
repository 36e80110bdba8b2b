"""Requests a minute, counted in Valkey for all processes together. While Valkey is away nobody is counted."""

import time
from collections.abc import Callable, Mapping

from redis.asyncio import Redis
from redis.exceptions import RedisError

from appliance.accounts.whose import Whose
from appliance.errors import Unavailable
from appliance.logs import log
from appliance.quotas.errors import TooManyRequests
from appliance.quotas.limits import Limits
from appliance.quotas.service import own_limits
from storage import layout

KEY = "darkroom:requests:"
PAUSE_SECONDS = 2.0  # after Valkey gave no answer, until it is asked again: not every request shall wait for it
REMEMBER_SECONDS = 10.0  # how long an owner's own limit is known for
MOST_KNOWN = 10_000

# A minute begins with the first request in it. Gives the first that is over its limit, and when its minute ends (ms).
_COUNT = """
for i, key in ipairs(KEYS) do
    local n = redis.call('INCR', key)
    if n == 1 then redis.call('PEXPIRE', key, 60000) end
    if n > tonumber(ARGV[i]) then return {i, redis.call('PTTL', key)} end
end
return false
"""


class Requests:
    """Counts requests, and refuses what is over `limits` (scope → limits, asked each time) or over an owner's own."""

    def __init__(self, redis: Redis, limits: Callable[[], Mapping[str, Limits]]) -> None:
        self._count = redis.register_script(_COUNT)
        self._limits = limits
        self._own: dict[Whose, tuple[float, int | None]] = {}
        self._again = 0.0

    async def admit(self, owner: Whose | None, user: str | None, address: str | None) -> None:
        """Counts one request for each that is given. Raises TooManyRequests."""
        limited = [one for one in await self._limited(owner, user, address) if one[2]]
        if not limited or time.monotonic() < self._again:
            return
        try:
            reached = await self._count([f"{KEY}{s}:{who}" for s, who, _ in limited], [most for _, _, most in limited])
        except (RedisError, OSError) as error:
            self._again = time.monotonic() + PAUSE_SECONDS
            log.warning("requests not counted", error=type(error).__name__)
            return
        if reached:
            scope, _, most = limited[int(reached[0]) - 1]
            raise TooManyRequests(scope, most, -(-int(reached[1]) // 1000))

    async def _limited(self, owner: Whose | None, user: str | None, address: str | None) -> list[tuple[str, str, int]]:
        """Scope, id and limit of each. The address is first: it is what one who floods can't choose."""
        found = [] if address is None else [("address", address, self._limits()["address"].requests or 0)]
        if user is not None and owner != Whose(layout.USERS, user):  # who is the owner as well is counted once
            found.append(("user", user, self._limits()["user"].requests or 0))
        if owner is not None:
            own = await self._of_owner(owner)
            found.append((owner.noun, owner.id, (self._limits()[owner.noun].requests or 0) if own is None else own))
        return found

    async def _of_owner(self, owner: Whose) -> int | None:
        until, own = self._own.get(owner, (0.0, None))
        if until < time.monotonic():
            try:
                own = (await own_limits(owner.noun, owner.id)).requests
            except Unavailable:
                return own
            if len(self._own) >= MOST_KNOWN:
                self._own.clear()
            self._own[owner] = (time.monotonic() + REMEMBER_SECONDS, own)
        return own
