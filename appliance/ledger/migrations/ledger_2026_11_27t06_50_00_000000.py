"""Libraries: originals that are kept beyond their time, and are let go of."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import run_scripts

ID = "2026-11-27T06:50:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "originals that are let go of"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def create() -> None:
        await run_scripts("library_release_columns")

    manager.add_raw(create)
    return manager
