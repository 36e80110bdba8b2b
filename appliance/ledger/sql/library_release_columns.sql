-- Originals that are kept beyond their time, and those that somebody lets go of. Applied by the migration of its name; may be
-- applied again.
ALTER TABLE ledger.library_results
    ADD COLUMN IF NOT EXISTS kept_problem text,             -- why the original is kept beyond its time, for people
    ADD COLUMN IF NOT EXISTS release_asked_at timestamptz,  -- it is to go all the same
    ADD COLUMN IF NOT EXISTS release_problem text;          -- why it did not
CREATE INDEX IF NOT EXISTS library_results_held ON ledger.library_results (library) WHERE kept_problem IS NOT NULL;
CREATE INDEX IF NOT EXISTS library_results_release ON ledger.library_results (release_asked_at)
    WHERE release_asked_at IS NOT NULL AND freed_at IS NULL;
