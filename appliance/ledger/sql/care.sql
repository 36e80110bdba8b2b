-- What the caretaker of storage is about, what it has done, and what it saw last. Applied by the migration of its name;
-- may be applied again.

-- Rounds through storage: heals, and scrubs (`deep`), which read every shard. One is under way at a time, heals first.
CREATE TABLE IF NOT EXISTS ledger.care (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    deep boolean NOT NULL,
    why text NOT NULL,
    bucket text NOT NULL DEFAULT '',        -- empty: all
    since timestamptz,                      -- only what is of this day or later; NULL: everything
    asked_at timestamptz NOT NULL DEFAULT now(),
    began_at timestamptz,
    ended_at timestamptz,
    after text COLLATE "C" NOT NULL DEFAULT '',  -- the mark of the last slice that is done with
    doing text[] NOT NULL DEFAULT '{}',     -- bucket and prefix of the slice under way
    slices bigint NOT NULL DEFAULT 0,
    slices_done bigint NOT NULL DEFAULT 0,
    expected bigint NOT NULL DEFAULT 0,     -- object versions that the ledger knew of at the beginning
    looked bigint NOT NULL DEFAULT 0,       -- object versions that the server has looked at
    mended bigint NOT NULL DEFAULT 0,
    unhealed bigint NOT NULL DEFAULT 0,
    waiting bigint NOT NULL DEFAULT 0,      -- with a shard on a drive that was away
    bytes bigint NOT NULL DEFAULT 0,        -- of objects that were looked at
    worked float NOT NULL DEFAULT 0,        -- seconds
    trouble text NOT NULL DEFAULT ''        -- what keeps it from going on just now
);
CREATE INDEX IF NOT EXISTS care_open ON ledger.care (deep, id) WHERE ended_at IS NULL;

-- Object versions that the server could not heal, until it is known what that means.
CREATE TABLE IF NOT EXISTS ledger.unhealed (
    bucket text NOT NULL,
    key text NOT NULL COLLATE "C",
    version_id text NOT NULL,
    round bigint NOT NULL,
    found_at timestamptz NOT NULL DEFAULT now(),
    detail text NOT NULL,
    asset uuid,                             -- NULL: nothing in the ledger refers to it
    verdict text,                           -- NULL: not known while drives are away; else made_anew, damaged, missing
    PRIMARY KEY (bucket, key, version_id)
);
CREATE INDEX IF NOT EXISTS unhealed_open ON ledger.unhealed (round) WHERE verdict IS NULL;

-- What the last look at the drives saw (storage/returning.py).
CREATE TABLE IF NOT EXISTS ledger.watch (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    seen jsonb NOT NULL,
    began_at timestamptz NOT NULL DEFAULT now()   -- when the drives were looked at for the first time
);
