-- What is made of an asset only once somebody asks for it. Applied by the migration of its name; may be applied again.

-- An order is here while it is open, or failed a while ago; once it is done there are versions that name it instead.
CREATE TABLE IF NOT EXISTS ledger.orders (
    id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    asset uuid NOT NULL REFERENCES ledger.assets ON DELETE CASCADE,
    name text NOT NULL,                     -- says all that is wanted: r_800x600_cover_webp_q75, p12
    attempts integer NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 3,
    lease uuid,
    lease_until timestamptz,
    error_code text,                        -- NULL while it is open
    error_message text,
    placed_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    PRIMARY KEY (asset, name)
);
CREATE INDEX IF NOT EXISTS orders_open ON ledger.orders (placed_at) WHERE error_code IS NULL;

-- The order that a version was made for; NULL: every file of its kind has it.
ALTER TABLE ledger.versions ADD COLUMN IF NOT EXISTS ordered text;
CREATE INDEX IF NOT EXISTS versions_ordered ON ledger.versions (asset, ordered) WHERE ordered IS NOT NULL;
