"""Forbidden words: which list is in force, and one to start with where there is none."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import run_scripts
from appliance.profiles.words import start

ID = "2026-11-26T20:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "a list of forbidden words to start with"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="accounts", description=DESCRIPTION)

    async def add() -> None:
        await run_scripts("forbidden_words_version")
        await start.fill()

    manager.add_raw(add)
    return manager
