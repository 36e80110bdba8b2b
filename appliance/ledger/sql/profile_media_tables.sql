-- Applied by the migration of its name; may be applied again.

INSERT INTO ledger.moves (source, target) VALUES ('done', 'uploaded')  -- a draft that is to be made in full
ON CONFLICT DO NOTHING;

-- Uploads for a profile that each user has begun within an hour from `since`. Who has the row locked is alone with the
-- uploads of that user.
CREATE TABLE IF NOT EXISTS profile_upload_counts (
    user_id varchar(64) PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT now(),
    uploads integer NOT NULL DEFAULT 1
);
CREATE INDEX IF NOT EXISTS profile_upload_counts_since ON profile_upload_counts (since);
