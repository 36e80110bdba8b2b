"""Attempts as integers: while storage is away for some days, a job may be put off more than 32,767 times."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import run_scripts

ID = "2026-11-21T15:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "attempts"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def widen() -> None:
        await run_scripts("wide_attempts")

    manager.add_raw(widen)
    return manager
