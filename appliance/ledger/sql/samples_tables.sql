-- What charts are drawn from, and how lists of what failed are read. Applied by the migration of its name; may be applied again.

-- A figure with its labels: a line of a chart.
CREATE TABLE IF NOT EXISTS ledger.sample_series (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    metric text NOT NULL,
    labels jsonb NOT NULL,
    UNIQUE (metric, labels)
);

-- What it was, once a minute. A row takes about 110 bytes with its index: 60 lines of 30 days some 280 MB.
CREATE TABLE IF NOT EXISTS ledger.samples (
    series integer NOT NULL,
    at timestamptz NOT NULL,
    value double precision NOT NULL,        -- of what is counted: the sum so far, as it was read
    PRIMARY KEY (series, at)
);

-- The newest failures first, of all or of one code. Only what failed is in these, so nothing else pays for them.
CREATE INDEX IF NOT EXISTS assets_failed_last ON ledger.assets (changed_at DESC, id DESC) WHERE state = 'error';
CREATE INDEX IF NOT EXISTS assets_failed_by_code ON ledger.assets (error_code, changed_at DESC, id DESC)
    INCLUDE (lane, kind, error_fixer) WHERE state = 'error';
