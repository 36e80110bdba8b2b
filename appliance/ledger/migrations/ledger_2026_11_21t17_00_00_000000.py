"""An index by which an owner's assets of one state are found without reading the others."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import run_scripts

ID = "2026-11-21T17:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "index of states"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def create() -> None:
        await run_scripts("state_index")

    manager.add_raw(create)
    return manager
