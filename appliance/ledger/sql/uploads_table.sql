-- What a client says of a file before it sends it, and which files come in parts. Applied by the migration of its name; may be
-- applied again.
ALTER TABLE ledger.assets
    ADD COLUMN IF NOT EXISTS announced_size bigint,
    ADD COLUMN IF NOT EXISTS announced_sha256 text;

-- A row as long as storage may hold parts for an asset that are no object. Which parts these are only storage knows.
CREATE TABLE IF NOT EXISTS ledger.uploads (
    asset uuid PRIMARY KEY REFERENCES ledger.assets ON DELETE CASCADE,
    part_size bigint,                         -- NULL: a body that the server takes and cuts as it comes
    upload_id text,                           -- what storage calls it, once it was begun; NULL: not begun, or cut by the server
    check_at timestamptz NOT NULL DEFAULT now()  -- when the sweep looks again, once the asset takes no parts any more
);

-- Whether an owner has a file already is looked up by its SHA-256.
CREATE INDEX IF NOT EXISTS blobs_of_sha256 ON ledger.blobs USING hash (sha256) WHERE sha256 IS NOT NULL;
