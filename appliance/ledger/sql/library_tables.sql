-- Libraries: files that were there before, on a disk of the operator's. Applied by the migration of its name; may be applied
-- again. A file that is to be made anew is an asset like any other: owner `library` below `system`, lane `backfill`, its bytes
-- a blob in the bucket `/`, which is the host. What else is known of it is here.
ALTER TABLE ledger.assets ADD COLUMN IF NOT EXISTS worth real;  -- in a lane where nobody waits: what has more is done first
CREATE INDEX IF NOT EXISTS assets_by_worth ON ledger.assets (lane, folder, worth DESC)
    WHERE state = 'uploaded' AND worth IS NOT NULL;

-- A workflow that a worker has, or had, mounted.
CREATE TABLE IF NOT EXISTS ledger.libraries (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    workflow jsonb NOT NULL,
    rules text NOT NULL,                     -- hash of what decides about a file: other rules, other decisions
    mounted_at timestamptz NOT NULL DEFAULT now(),  -- when a worker said last that it has it
    paused boolean NOT NULL DEFAULT false,
    scan_asked_at timestamptz,               -- somebody wants to have it looked through now
    waits text,                              -- why nothing is transcoded at the moment, for people
    problem text                             -- why its file is no workflow; there is none then, and nothing is done
);

-- Looking a library through: the task that finds, probes and decides. One at a time a library, under a lease.
CREATE TABLE IF NOT EXISTS ledger.library_scans (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    library integer NOT NULL REFERENCES ledger.libraries ON DELETE CASCADE,
    began_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    lease uuid,
    lease_until timestamptz,
    seen bigint NOT NULL DEFAULT 0,          -- files, and folders that something is said of
    probed bigint NOT NULL DEFAULT 0,        -- of them, those that were opened: new ones and changed ones
    wanted bigint NOT NULL DEFAULT 0,        -- of these, those to be made anew
    unreadable bigint NOT NULL DEFAULT 0,
    skips jsonb NOT NULL DEFAULT '{}',       -- why → how many stay as they are, of what was opened or passed over
    problem text                             -- why it came to no end, for people
);
CREATE UNIQUE INDEX IF NOT EXISTS library_scans_open ON ledger.library_scans (library) WHERE ended_at IS NULL;

-- What is remembered of each file that was opened, so that the next look opens only what is new or changed.
CREATE TABLE IF NOT EXISTS ledger.library_files (
    library integer NOT NULL REFERENCES ledger.libraries ON DELETE CASCADE,
    digest bytea NOT NULL,                   -- of the path, which may be too long for an index
    path bytea NOT NULL,                     -- below the library's folder
    size bigint NOT NULL,
    version text NOT NULL,                   -- inode and time of the last change: other bytes, another version
    rules text NOT NULL,                     -- those that it was decided by
    why text,                                -- it stays as it is; NULL: it is to be made anew
    reason text NOT NULL,                    -- for people
    facts jsonb NOT NULL DEFAULT '{}',       -- what probing found, and what is estimated
    record jsonb NOT NULL DEFAULT '{}',      -- what each step of the work on it has added
    seen_in bigint NOT NULL,                 -- the scan that was the last when something was said of it
    asset uuid REFERENCES ledger.assets ON DELETE SET NULL,
    PRIMARY KEY (library, digest)
) WITH (fillfactor = 80);
CREATE INDEX IF NOT EXISTS library_files_of_asset ON ledger.library_files (asset) WHERE asset IS NOT NULL;

-- What came of each file that was worked on.
CREATE TABLE IF NOT EXISTS ledger.library_results (
    asset uuid PRIMARY KEY REFERENCES ledger.assets ON DELETE CASCADE,
    library integer NOT NULL REFERENCES ledger.libraries ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT now(),
    path bytea NOT NULL,
    outcome text NOT NULL,                   -- replaced, or kept: it stays as it was
    why text,
    reason text NOT NULL,
    before_bytes bigint NOT NULL,
    after_bytes bigint,                      -- of what was made, also where it was not taken
    before_codec text,
    after_codec text,
    seconds double precision,                -- its length
    cpu_seconds double precision NOT NULL,
    vmaf real,
    before_sha256 text,
    after_sha256 text,
    raw_factor real NOT NULL DEFAULT 1,      -- bytes on disks for each byte: over 1 where storage adds parity
    kept_until timestamptz,                  -- the original can be brought back until then
    freed_at timestamptz,                    -- it is gone: from now on its bytes are saved
    undo_asked_at timestamptz,
    undone_at timestamptz,
    undo_problem text
);
CREATE INDEX IF NOT EXISTS library_results_kept ON ledger.library_results (kept_until)
    WHERE kept_until IS NOT NULL AND freed_at IS NULL AND undone_at IS NULL;
CREATE INDEX IF NOT EXISTS library_results_undo ON ledger.library_results (undo_asked_at) WHERE undo_asked_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS library_results_of ON ledger.library_results (library, at DESC);

INSERT INTO ledger.streams (root, owner) VALUES ('system', 'library') ON CONFLICT (root, owner) DO NOTHING;
