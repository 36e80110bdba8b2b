"""What a payment is shown with and looked for by, and what was ever paid with."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import run_scripts

ID = "2026-11-26T20:10:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "payments"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="accounts", description=DESCRIPTION)

    async def add() -> None:
        await run_scripts("payment_columns")

    manager.add_raw(add)
    return manager
