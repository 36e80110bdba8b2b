"""The chore that keeps the temporary place temporary."""

from appliance.config import Settings
from appliance.ledger.database import fetch
from appliance.ledger.service import Ledger
from appliance.logs import log

AT_ONCE = 200
HOUR = 3600.0


class Clearing:
    """A round costs what it finds."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self._ledger, self._settings = ledger, settings

    async def drop(self) -> None:
        """Removes what was uploaded for a profile long ago and never sent in."""
        seconds = self._settings.now.profile_upload_hours * HOUR
        dropped = self._ledger.told(await fetch("SELECT * FROM ledger.drop_profile_uploads($1, $2)", seconds, AT_ONCE))
        if dropped:
            log.info("uploads for profiles that nobody sent in removed", assets=len(dropped))
