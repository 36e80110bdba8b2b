"""What keeps orders going, whatever Valkey or a worker forgot."""

from appliance.ledger.database import fetch
from appliance.queue import Queue
from appliance.renders.orders import GAVE_UP

LANE = "images"  # the lane whose workers do orders
MOST = 100  # put into the queue in one round


class Filling:
    """Puts open orders into the queue; who places one puts it there at once."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue

    async def fill(self) -> None:
        """One round: the same order twice is one job."""
        await fetch("SELECT ledger.tidy_orders($1, $2)", *GAVE_UP)
        for row in await fetch("SELECT * FROM ledger.open_orders($1)", MOST):
            await self._queue.put_order(LANE, row["asset"], row["name"], row["attempt"])
