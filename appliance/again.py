"""A chore done over and over, in a loop of its own, so that one that waits or fails holds up no other."""

import asyncio
from collections.abc import Awaitable, Callable

from appliance.errors import Unavailable
from appliance.logs import log
from appliance.valkey import LOST
from storage.objects import StorageUnavailable

REVIVED_SECONDS = 1.0
"""The pause before a loop that should never end begins anew, since something nobody thought of ended it."""


async def again(every: float | Callable[[], float], chore: Callable[[], Awaitable[object]]) -> None:
    """Does `chore` until cancelled, with a pause of `every` seconds after each time, which may be asked each time."""
    while True:
        name = getattr(getattr(chore, "func", chore), "__qualname__", str(chore))
        try:
            await chore()
        except (Unavailable, StorageUnavailable, *LOST) as error:
            log.warning("chore put off", chore=name, error=str(error) or type(error).__name__)
        except Exception as error:
            log.error("chore failed", chore=name, exc_info=error)
        await asyncio.sleep(every if isinstance(every, int | float) else every())
