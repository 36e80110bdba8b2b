"""An index by which a user's files are found in all streams."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import run_scripts

ID = "2026-11-26T10:45:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "index of who sent"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def create() -> None:
        await run_scripts("uploader_index")

    manager.add_raw(create)
    return manager
