"""The daily cleaning: what it did, and an index of the uploads that never came."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import run_scripts

ID = "2026-11-21T14:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "cleanings"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def create() -> None:
        await run_scripts("cleanings")

    manager.add_raw(create)
    return manager
