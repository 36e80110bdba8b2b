"""What the life of an asset is told from: its attempts, its client's hint, its events."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import run_scripts

ID = "2026-11-21T13:17:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "attempts"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def create() -> None:
        await run_scripts("attempts")

    manager.add_raw(create)
    return manager
