"""When a scrub is due: the monthly reading of every shard."""

from datetime import UTC, datetime, timedelta

from appliance.care import rounds, watch
from appliance.config import Settings
from appliance.ledger.database import fetch_one

_LAST_BEGUN = "SELECT max(coalesce(began_at, asked_at)) AS at FROM ledger.care WHERE deep AND bucket = ''"


class Scrubbing:
    """Asks for one every `scrub_days` of the settings; never for 0."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    async def ask_if_due(self) -> bool:
        """Whether one was asked for. Raises Unavailable."""
        days = self._settings.now.scrub_days
        at = await due(days)
        if at is None or at > datetime.now(UTC):
            return False
        await rounds.ask(deep=True, why=f"every {days:g} days")
        return True


async def due(days: float) -> datetime | None:
    """When the next one begins: so long after the last began, or after storage was looked at for the first time."""
    row = await fetch_one(_LAST_BEGUN)
    last = (row and row["at"]) or await watch.began()
    return last + timedelta(days=days) if last and days > 0 else None
