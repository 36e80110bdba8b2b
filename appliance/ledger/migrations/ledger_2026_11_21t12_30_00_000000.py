"""An index of what failed: for its count by reason, and to try it again."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import run_scripts

ID = "2026-11-21T12:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "index of what failed"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def create() -> None:
        await run_scripts("failed_index")

    manager.add_raw(create)
    return manager
