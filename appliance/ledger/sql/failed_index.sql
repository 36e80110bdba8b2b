-- What failed, found without reading what did not. Applied by the migration of its name; may be applied again.
CREATE INDEX IF NOT EXISTS assets_failed ON ledger.assets (id) INCLUDE (stream, error_code) WHERE state = 'error';
