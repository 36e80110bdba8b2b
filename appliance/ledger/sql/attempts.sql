-- What the life of an asset is told from besides its events: every attempt at it, and when its client said it was sent.
-- Applied by a migration; may be applied again.
CREATE TABLE IF NOT EXISTS ledger.attempts (
    asset uuid NOT NULL REFERENCES ledger.assets ON DELETE CASCADE,
    attempt smallint NOT NULL,
    worker text NOT NULL,                   -- the name its connection goes by
    claimed_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    outcome text,                           -- done, an error's code, deleting, put_off, lease_ran_out
    PRIMARY KEY (asset, attempt)
);
ALTER TABLE ledger.assets ADD COLUMN IF NOT EXISTS hinted_at timestamptz;
CREATE INDEX IF NOT EXISTS events_of_asset ON ledger.events (asset);
