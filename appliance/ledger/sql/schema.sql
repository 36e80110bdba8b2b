-- The ledger: every asset, its bytes, its versions, and every event of its life.
-- Applied once, by the first migration. Functions live in files of their own beside this one and are replaced at every migration.
CREATE SCHEMA ledger;

CREATE TYPE ledger.asset_state AS ENUM (
    'init',        -- the row exists, a link was handed out, no bytes seen yet
    'expired',     -- the form is no longer valid and no bytes came
    'uploaded',    -- storage holds the bytes; the blob is pinned
    'processing',  -- a worker holds the lease
    'done',
    'error',       -- ended with a reason; error_code and error_message say which
    'deleting',    -- gone from view, bytes being removed
    'deleted'      -- tombstone, kept until no form can be replayed
);

-- The one table of allowed transitions, enforced by the trigger below.
CREATE TABLE ledger.moves (
    source ledger.asset_state NOT NULL,
    target ledger.asset_state NOT NULL,
    PRIMARY KEY (source, target)
);
INSERT INTO ledger.moves (source, target) VALUES
    ('init', 'uploaded'),
    ('init', 'expired'),
    ('init', 'error'),          -- cancelled by the client
    ('expired', 'uploaded'),    -- late bytes that storage acknowledged are taken
    ('uploaded', 'processing'),
    ('uploaded', 'error'),
    ('processing', 'done'),
    ('processing', 'error'),
    ('done', 'error'),          -- object_missing
    ('error', 'uploaded'),      -- retry
    ('init', 'deleting'), ('expired', 'deleting'), ('uploaded', 'deleting'),
    ('processing', 'deleting'), ('done', 'deleting'), ('error', 'deleting'),
    ('deleting', 'deleted');

-- One home stream an owner; seq is dense and its order is commit order, since this row stays locked until the commit.
CREATE TABLE ledger.streams (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    root text NOT NULL,
    owner text NOT NULL,
    seq bigint NOT NULL DEFAULT 0,
    closed boolean NOT NULL DEFAULT false,  -- takes no new assets: its owner is being deleted
    UNIQUE (root, owner)
) WITH (fillfactor = 50);

-- Bytes of their own: many assets may share a blob, and it goes with the last of them.
CREATE TABLE ledger.blobs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    bucket text NOT NULL,
    key text NOT NULL,
    version_id text NOT NULL,
    size bigint NOT NULL,
    etag text NOT NULL,
    sha256 text,                            -- computed by us when the bytes are first read
    UNIQUE (bucket, key, version_id)
);

CREATE TABLE ledger.assets (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    stream bigint NOT NULL REFERENCES ledger.streams,
    root text NOT NULL,
    owner text NOT NULL,
    folder text NOT NULL,
    kind text NOT NULL,
    lane text NOT NULL,
    recipe text NOT NULL,
    filename text NOT NULL,
    state ledger.asset_state NOT NULL DEFAULT 'init',
    error_code text,
    error_message text,
    error_fixer text,                       -- who can fix it: client, operator
    blob bigint REFERENCES ledger.blobs,
    facts jsonb,                            -- what decoding found: format, width, height, frames
    attempts smallint NOT NULL DEFAULT 0,   -- claims so far, never reset: it makes every job's id new
    tries smallint NOT NULL DEFAULT 3,      -- claims still to be had before it ends as `error`
    lease uuid,
    lease_until timestamptz,
    expires_at timestamptz NOT NULL,        -- until when the upload form is valid
    check_at timestamptz,                   -- when the sweep looks again; NULL: nothing to look for
    checks smallint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    uploaded_at timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);

-- The sweep and the queue's window read only what is open, so their indexes hold only that.
CREATE INDEX assets_to_check ON ledger.assets (check_at) WHERE check_at IS NOT NULL;
CREATE INDEX assets_to_do ON ledger.assets (lane, uploaded_at) WHERE state = 'uploaded';
CREATE INDEX assets_leased ON ledger.assets (lease_until) WHERE state = 'processing';
CREATE INDEX assets_of_owner ON ledger.assets (stream, id DESC) WHERE state NOT IN ('deleting', 'deleted');
CREATE INDEX assets_of_blob ON ledger.assets (blob) WHERE blob IS NOT NULL;

CREATE TABLE ledger.versions (
    asset uuid NOT NULL REFERENCES ledger.assets ON DELETE CASCADE,
    name text NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    bytes bigint NOT NULL,
    content_type text NOT NULL,
    extension text NOT NULL,
    sha256 text NOT NULL,
    source_sha256 text NOT NULL,
    recipe_hash text NOT NULL,
    PRIMARY KEY (asset, name)
);

CREATE TABLE ledger.events (
    stream bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    type text NOT NULL,
    asset uuid NOT NULL,
    state ledger.asset_state,
    facts jsonb,
    PRIMARY KEY (stream, seq, at)
) PARTITION BY RANGE (at);

-- A restored ledger gets a new epoch, so that cursors from before the restore are recognised.
CREATE TABLE ledger.epoch (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    epoch text NOT NULL DEFAULT substr(md5(gen_random_uuid()::text), 1, 12)
);
INSERT INTO ledger.epoch DEFAULT VALUES;

CREATE FUNCTION ledger.refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ledger.moves WHERE source = OLD.state AND target = NEW.state) THEN
        RAISE EXCEPTION 'asset % cannot go from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER allowed_moves BEFORE UPDATE OF state ON ledger.assets
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION ledger.refuse_move();
