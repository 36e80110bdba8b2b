"""Events say who sent their file; what users can't be told of any more is remembered."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import run_scripts

ID = "2026-11-26T13:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "who sent, in events"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def add() -> None:
        await run_scripts("notices_table")

    manager.add_raw(add)
    return manager
