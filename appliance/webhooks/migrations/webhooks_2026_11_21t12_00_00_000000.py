"""The first schema of webhooks."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from appliance.ledger.database import fetch

ID = "2026-11-21T12:00:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "webhooks and the attempts to deliver to them"

# A crash before Piccolo has noted the migration makes it run once more.
WEBHOOKS = """
CREATE TABLE IF NOT EXISTS webhooks (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    project varchar(64) NOT NULL REFERENCES projects ON DELETE CASCADE,
    url text NOT NULL,
    secret text NOT NULL,
    events varchar[] NOT NULL DEFAULT '{}',
    cursor bigint NOT NULL,
    failures integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    last_error text,
    due_at timestamptz NOT NULL DEFAULT now(),
    disabled_at timestamptz,
    disabled_reason text,
    created_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 50)
"""
ATTEMPTS = """
CREATE TABLE IF NOT EXISTS webhook_attempts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook uuid NOT NULL REFERENCES webhooks ON DELETE CASCADE,
    message text NOT NULL,
    seq bigint NOT NULL,
    asset uuid,
    at timestamptz NOT NULL DEFAULT now(),
    milliseconds integer NOT NULL,
    status smallint,
    error text
)
"""
INDEXES = (
    "CREATE INDEX IF NOT EXISTS webhooks_of_project ON webhooks (project)",
    "CREATE INDEX IF NOT EXISTS attempts_of_webhook ON webhook_attempts (webhook, id DESC)",
    "CREATE INDEX IF NOT EXISTS attempts_of_asset ON webhook_attempts (asset)",
    "CREATE INDEX IF NOT EXISTS attempts_by_age ON webhook_attempts (at)",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="webhooks", description=DESCRIPTION)

    async def create() -> None:
        for statement in (WEBHOOKS, ATTEMPTS, *INDEXES):
            await fetch(statement)

    manager.add_raw(create)
    return manager
