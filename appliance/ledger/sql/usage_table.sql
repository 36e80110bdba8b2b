-- What uploads take up, counted for each of those it is limited for. Applied by the migration of its name; may be applied again.
ALTER TABLE ledger.assets
    ADD COLUMN IF NOT EXISTS uploader text,  -- the user of an application who asked for the link, if it said who that is
    ADD COLUMN IF NOT EXISTS address text;   -- a mark of the network address that asked for it, which does not tell the address

-- Narrow and half empty, like the streams: a row changes with every upload.
CREATE TABLE IF NOT EXISTS ledger.usage (
    scope text NOT NULL,                     -- project, user, address
    id text NOT NULL,
    slots bigint NOT NULL DEFAULT 0,         -- uploads that were allowed and have not come
    files bigint NOT NULL DEFAULT 0,         -- those, and what is stored
    bytes bigint NOT NULL DEFAULT 0,         -- of originals
    most_slots bigint,                       -- its own limits: NULL is the setting, 0 is none
    most_files bigint,
    most_bytes bigint,
    most_requests bigint,                    -- a minute
    PRIMARY KEY (scope, id)
) WITH (fillfactor = 50);
