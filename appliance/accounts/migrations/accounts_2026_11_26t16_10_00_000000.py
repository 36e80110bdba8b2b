"""How long a chat keeps what was said in it, and whether nothing of it may be deleted."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import run_scripts

ID = "2026-11-26T16:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "retention and legal holds of chats"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="accounts", description=DESCRIPTION)

    async def create() -> None:
        await run_scripts("chat_keeping_columns")

    manager.add_raw(create)
    return manager
