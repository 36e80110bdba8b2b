"""What is done as a draft may be made in full; how often somebody uploads for a profile."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import run_scripts

ID = "2026-11-26T20:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "drafts"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def create() -> None:
        await run_scripts("profile_media_tables")

    manager.add_raw(create)
    return manager
