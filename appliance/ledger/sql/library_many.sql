-- What a library of a million files takes. Applied by the migration of its name; may be applied again.

-- By it a look notes in one bit of its memory that it has seen a file: noted in its row it would write the table anew each time.
ALTER TABLE ledger.library_files ADD COLUMN IF NOT EXISTS number bigint GENERATED ALWAYS AS IDENTITY;
CREATE UNIQUE INDEX IF NOT EXISTS library_files_by_number ON ledger.library_files (library, number);
-- What is to be done, in sums that are read from the index alone: the rows themselves are twenty times as large.
ALTER TABLE ledger.library_files
    ADD COLUMN IF NOT EXISTS estimated_bytes bigint GENERATED ALWAYS AS ((facts ->> 'estimated_bytes')::bigint) STORED,
    ADD COLUMN IF NOT EXISTS estimated_cpu_seconds double precision
        GENERATED ALWAYS AS ((facts ->> 'estimated_cpu_seconds')::double precision) STORED;
CREATE INDEX IF NOT EXISTS library_files_ahead ON ledger.library_files (library)
    INCLUDE (size, estimated_bytes, estimated_cpu_seconds) WHERE why IS NULL AND asset IS NOT NULL;
-- Those whose result a later attempt goes on with.
CREATE INDEX IF NOT EXISTS library_files_made ON ledger.library_files (asset) WHERE record ? 'made';

-- What waits, is under way or failed, in the order in which it is shown; the first is also what is worked on next.
CREATE INDEX IF NOT EXISTS assets_of_library ON ledger.assets (lane, folder, state, worth DESC, id DESC)
    WHERE worth IS NOT NULL AND state IN ('uploaded', 'processing', 'error');
DROP INDEX IF EXISTS ledger.assets_by_worth;

CREATE INDEX IF NOT EXISTS library_scans_of ON ledger.library_scans (library, id DESC);

CREATE INDEX IF NOT EXISTS library_results_by_time ON ledger.library_results (library, at DESC, asset DESC);
CREATE INDEX IF NOT EXISTS library_results_by_outcome ON ledger.library_results (library, outcome, at DESC, asset DESC);
DROP INDEX IF EXISTS ledger.library_results_of;
-- Those that are still to be brought back: who asks for the first ones goes by none that are back already.
CREATE INDEX IF NOT EXISTS library_results_asked ON ledger.library_results (undo_asked_at)
    WHERE undo_asked_at IS NOT NULL AND undone_at IS NULL AND undo_problem IS NULL;
