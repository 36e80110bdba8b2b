"""Libraries: files that were there before, and what came of the work on them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import run_scripts

ID = "2026-11-27T03:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "libraries"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def create() -> None:
        await run_scripts("library_tables")

    manager.add_raw(create)
    return manager
