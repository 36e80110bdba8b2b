"""What the sweep looks for and what it erases have an index each."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import run_scripts

ID = "2026-11-21T16:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "indexes of what is open"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def replace() -> None:
        await run_scripts("open_indexes")

    manager.add_raw(replace)
    return manager
