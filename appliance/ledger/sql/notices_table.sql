-- Who sent the file that an event is of: a user's notifications are read by it, whatever has become of the file since.
-- Applied by a migration; may be applied again.
ALTER TABLE ledger.events ADD COLUMN IF NOT EXISTS uploader text;
UPDATE ledger.events e SET uploader = a.uploader FROM ledger.assets a
    WHERE a.id = e.asset AND a.uploader IS NOT NULL AND e.uploader IS NULL;
CREATE INDEX IF NOT EXISTS events_of_uploader ON ledger.events (uploader, stream, seq) WHERE uploader IS NOT NULL;
DROP INDEX IF EXISTS ledger.assets_of_uploader;  -- they were found by their assets before

-- The newest of the events of what a user sent that are not kept any more, by stream: who has read less has lost some.
CREATE TABLE IF NOT EXISTS ledger.dropped (
    uploader text NOT NULL,
    stream bigint NOT NULL,
    seq bigint NOT NULL,
    month integer NOT NULL,                 -- of that event: 12 times the year, and the month
    PRIMARY KEY (uploader, stream)
);
ALTER TABLE ledger.epoch ADD COLUMN IF NOT EXISTS kept_from integer NOT NULL DEFAULT 0;  -- the oldest month that is kept
