-- What one user of an application sent, by stream: their general stream of events is read by it.
CREATE INDEX IF NOT EXISTS assets_of_uploader ON ledger.assets (uploader, stream, changed_at) WHERE uploader IS NOT NULL;
