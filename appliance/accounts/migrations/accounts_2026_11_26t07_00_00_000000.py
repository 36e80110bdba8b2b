"""Users, and a row for each folder."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.folders.service import make_missing
from appliance.ledger.database import fetch

ID = "2026-11-26T07:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "users and folders"

# A crash before Piccolo has noted the migration makes it run once more.
USERS = """
CREATE TABLE IF NOT EXISTS users (
    id varchar(64) PRIMARY KEY,
    name varchar(200) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
)
"""
# A root's own folder has no owner and no name, an owner's own no name.
FOLDERS = """
CREATE TABLE IF NOT EXISTS folders (
    root text NOT NULL,
    owner text NOT NULL DEFAULT '',
    name text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (root, owner, name)
)
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="accounts", description=DESCRIPTION)

    async def create() -> None:
        await fetch(USERS)
        await fetch(FOLDERS)
        await make_missing()

    manager.add_raw(create)
    return manager
