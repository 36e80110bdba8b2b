"""Uploads in parts, and what is said of a file before it comes."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import run_scripts

ID = "2026-11-26T10:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "uploads in parts"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def create() -> None:
        await run_scripts("uploads_table")

    manager.add_raw(create)
    return manager
