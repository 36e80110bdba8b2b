"""Libraries of several hosts: whose each file is that is no workflow."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import run_scripts

ID = "2026-11-27T06:40:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "hosts of libraries"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def alter() -> None:
        await run_scripts("library_hosts")

    manager.add_raw(alter)
    return manager
