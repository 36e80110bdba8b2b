-- Originals that somebody wants back, or wants to be let go of, however many these are: each library goes through its own, page by
-- page, and waits for no other whose disk is away. Applied by the migration of its name; may be applied again.
CREATE INDEX IF NOT EXISTS library_results_to_undo ON ledger.library_results (library, undo_asked_at, asset)
    WHERE undo_asked_at IS NOT NULL AND undone_at IS NULL AND undo_problem IS NULL;
CREATE INDEX IF NOT EXISTS library_results_not_undone ON ledger.library_results (library)
    WHERE undo_problem IS NOT NULL AND undone_at IS NULL;
CREATE INDEX IF NOT EXISTS library_results_to_release ON ledger.library_results (library, release_asked_at, asset)
    WHERE release_asked_at IS NOT NULL AND freed_at IS NULL AND undone_at IS NULL AND release_problem IS NULL;
DROP INDEX IF EXISTS ledger.library_results_asked;
DROP INDEX IF EXISTS ledger.library_results_undo;
DROP INDEX IF EXISTS ledger.library_results_release;
