-- What waits to be processed, new work apart from what is tried again. Applied by a migration; may be applied again.
CREATE INDEX IF NOT EXISTS assets_waiting ON ledger.assets (lane, (attempts > 0), uploaded_at) WHERE state = 'uploaded';
DROP INDEX IF EXISTS ledger.assets_to_do;
