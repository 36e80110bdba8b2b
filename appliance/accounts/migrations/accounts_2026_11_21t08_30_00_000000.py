"""The first schema of projects and server keys."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import fetch

ID = "2026-11-21T08:30:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "projects and server keys"

# A crash before Piccolo has noted the migration makes it run once more.
PROJECTS = """
CREATE TABLE IF NOT EXISTS projects (
    id varchar(64) PRIMARY KEY,
    name varchar(200) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
)
"""
KEYS = """
CREATE TABLE IF NOT EXISTS api_keys (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name varchar(200) NOT NULL,
    sha256 varchar(64) NOT NULL UNIQUE,
    admin boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    revoked_at timestamptz
)
"""


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="accounts", description=DESCRIPTION)

    async def create() -> None:
        await fetch(PROJECTS)
        await fetch(KEYS)

    manager.add_raw(create)
    return manager
