"""Chats, their members, messages and attachments."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.folders.service import make_missing
from appliance.ledger.database import run_scripts

ID = "2026-11-26T12:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "chats"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="accounts", description=DESCRIPTION)

    async def create() -> None:
        await run_scripts("chat_tables")
        await make_missing()

    manager.add_raw(create)
    return manager
