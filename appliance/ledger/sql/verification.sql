-- What verifying needs: both sides in the order of bytes, and a record of which days were verified.
-- Applied by the migration of its name; may be applied again.
ALTER TABLE ledger.blobs ALTER COLUMN key TYPE text COLLATE "C";
CREATE INDEX IF NOT EXISTS streams_by_prefix ON ledger.streams ((root || '/' || owner || '/') COLLATE "C");

CREATE TABLE IF NOT EXISTS ledger.verified_days (
    day date PRIMARY KEY,                   -- UTC, as in keys
    verified_at timestamptz NOT NULL,       -- when the run that verified it last began
    differences bigint NOT NULL             -- how many that run confirmed on it
);

-- The run of the daily job: the one under way, or the last.
CREATE TABLE IF NOT EXISTS ledger.verification (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    days date[] NOT NULL,
    after text COLLATE "C" NOT NULL,        -- the prefix of the last owner that is done with; empty: none is
    differences jsonb NOT NULL,             -- day → how many so far
    began_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz
);
