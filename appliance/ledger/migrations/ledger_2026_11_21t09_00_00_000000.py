"""The ledger's first schema."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import fetch_one, run_scripts

ID = "2026-11-21T09:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "assets, blobs, versions, streams, events"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="ledger", description=DESCRIPTION)

    async def create() -> None:
        # It commits by itself, before Piccolo notes that it ran: whoever is killed in between finds it made.
        if await fetch_one("SELECT FROM pg_namespace WHERE nspname = 'ledger'") is None:
            await run_scripts("schema")

    manager.add_raw(create)
    return manager
