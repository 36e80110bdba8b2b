"""Users that come by themselves, counted for each network address: an account costs nothing, a row and a stream do."""

from redis.asyncio import Redis

from appliance.config import Settings
from appliance.errors import Unavailable
from appliance.quotas.errors import TooManyNewcomers
from appliance.valkey import LOST

KEY = "darkroom:newcomers:"
HOUR = 3600
# An hour begins with the first newcomer in it. Gives how many there were, and when its hour ends (s).
_COUNT = """
local n = redis.call('INCR', KEYS[1])
if n == 1 then redis.call('EXPIRE', KEYS[1], ARGV[1]) end
return {n, redis.call('TTL', KEYS[1])}
"""


class Newcomers:
    """Lets in as many an hour from one address as a setting says."""

    def __init__(self, redis: Redis, settings: Settings) -> None:
        self._count = redis.register_script(_COUNT)
        self._settings = settings

    async def admit(self, address: str | None) -> None:
        """Counts one from `address`, its mark; None: nobody knows which. Raises TooManyNewcomers and Unavailable."""
        most = self._settings.now.address_newcomers
        if address is None or not most:
            return
        try:
            come, seconds = await self._count([KEY + address], [HOUR])
        except LOST as error:
            raise Unavailable("Nobody new can be let in at the moment; try again") from error
        if int(come) > most:
            raise TooManyNewcomers(most, max(1, int(seconds)))
