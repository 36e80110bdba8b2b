"""The first schema of the settings."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import fetch

ID = "2026-11-26T10:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "settings, the set in force and their history"

# A crash before Piccolo has noted the migration makes it run once more.
SETTINGS = """
CREATE TABLE IF NOT EXISTS settings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    layer text NOT NULL CHECK (layer IN ('environment', 'file', 'database')),
    key text NOT NULL,
    value text NOT NULL,
    set_by text NOT NULL,
    set_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (layer, key)
)
"""
PUBLISHED = """
CREATE TABLE IF NOT EXISTS settings_published (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    generation bigint NOT NULL,
    told jsonb NOT NULL,
    synced_by text NOT NULL,
    synced_at timestamptz NOT NULL DEFAULT now()
)
"""
HISTORY = """
CREATE TABLE IF NOT EXISTS settings_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    who text NOT NULL,
    via text NOT NULL,
    action text NOT NULL CHECK (action IN ('set', 'unset', 'sync', 'restore')),
    layer text,
    key text,
    old text,
    new text,
    generation bigint,
    note text,
    undoes bigint REFERENCES settings_history
)
"""
# A change is taken back once.
UNDONE = "CREATE UNIQUE INDEX IF NOT EXISTS settings_undone ON settings_history (undoes) WHERE undoes IS NOT NULL"


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="settings", description=DESCRIPTION)

    async def create() -> None:
        for statement in (SETTINGS, PUBLISHED, HISTORY, UNDONE):
            await fetch(statement)

    manager.add_raw(create)
    return manager
