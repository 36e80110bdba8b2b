"""One run of `./ops/retry` against a running appliance."""

import asyncio
from typing import Any

from appliance.accounts.whose import Whose
from appliance.config import current
from appliance.ledger.database import pool
from appliance.ledger.service import Ledger
from appliance.live.doorbell import Doorbell
from appliance.upkeep import retry

RING_SECONDS = 0.2  # the doorbell is rung by a task of its own


async def show(owner: Whose | None) -> dict[str, Any]:
    """What failed, by owner and reason. Raises Unavailable."""
    async with pool(1):
        found = await retry.reasons(owner, None)
    return {"failed": sum(reason.failed for reason in found), "reasons": [reason._asdict() for reason in found]}


async def run(owner: Whose | None, code: str | None) -> dict[str, Any]:
    """Tries again what failed, for one reason or all; see upkeep.retry. Raises Unavailable."""
    doorbell = Doorbell(current().valkey_url)
    async with pool(1):
        ringing = asyncio.create_task(doorbell.run())
        try:
            done = await retry.retry(Ledger(doorbell.ring), owner, code)
            await asyncio.sleep(RING_SECONDS)
        finally:
            ringing.cancel()
    return done.told()
