-- What the daily cleaning did, and an index of what it looks for. Applied by the migration of its name; may be applied again.
CREATE TABLE IF NOT EXISTS ledger.cleanings (
    began_at timestamptz PRIMARY KEY,       -- so one over midnight is the old day's
    uploads bigint NOT NULL,        -- rows of uploads that never came
    multiparts bigint NOT NULL,     -- uploads in parts that were never ended
    files bigint NOT NULL           -- temporary files
);
CREATE INDEX IF NOT EXISTS assets_abandoned ON ledger.assets (changed_at)
    WHERE state = 'expired' OR (state = 'error' AND blob IS NULL);
