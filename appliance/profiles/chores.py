"""What the sweep does about profiles: takes on what is due, and cleans up after what has gone."""

from appliance.config import Settings
from appliance.ledger.database import fetch
from appliance.ledger.service import Ledger
from appliance.logs import log
from appliance.payments.service import Payments
from appliance.profiles import media
from appliance.profiles.editions import Editions
from appliance.profiles.gates import Ground
from appliance.profiles.pipeline import Pipeline

AT_ONCE = 100

_OUTDATED = """
SELECT id FROM profile_editions
WHERE state IN ('expired', 'rejected') AND dropped_at IS NULL AND state_at < now() - make_interval(secs => $1)
ORDER BY state_at LIMIT $2
"""
# What was paid for one that was never seen counts for the next, so it waits for that.
_FORGET = """
DELETE FROM profile_editions WHERE id = ANY (ARRAY(
    SELECT e.id FROM profile_editions e
    WHERE e.state IN ('expired', 'rejected') AND e.dropped_at < now() - make_interval(days => $1)
        AND NOT (e.published_at IS NULL AND EXISTS (
            SELECT FROM profile_payments p WHERE p.edition = e.id AND p.status IN ('seen', 'confirmed')))
    ORDER BY e.dropped_at LIMIT $2
)) RETURNING id
"""


class ProfileChores:
    """Each is one small round."""

    def __init__(self, editions: Editions, payments: Payments, ledger: Ledger, settings: Settings) -> None:
        self._editions, self._ledger, self._settings = editions, ledger, settings
        self._pipeline = Pipeline(Ground(editions, payments, ledger, settings))

    async def look(self) -> None:
        """Takes editions through the gates."""
        await self._pipeline.look()

    async def drop(self) -> None:
        """Removes the media of what is not to be seen any more, after a while."""
        hours = self._settings.now.profile_grace_hours
        outdated = [row["id"] for row in await fetch(_OUTDATED, hours * 3600, AT_ONCE)]
        if outdated:
            await media.drop_unreferenced(self._ledger, outdated)

    async def forget(self) -> None:
        """Forgets what ended long ago, with its history."""
        if gone := await fetch(_FORGET, self._settings.now.profile_editions_days, AT_ONCE):
            log.info("old editions forgotten", editions=len(gone))

    async def follow(self) -> None:
        """Takes the profiles of deleted users away."""
        for row in await fetch("SELECT * FROM ledger.orphaned_profiles($1)", AT_ONCE):
            await self._editions.remove(row["id"])
            log.info("deleted", profile=str(row["id"]))
