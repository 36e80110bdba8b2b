-- An owner's assets in one state, newest first. Applied by a migration; may be applied again.
CREATE INDEX IF NOT EXISTS assets_by_state ON ledger.assets (stream, state, id DESC) WHERE state NOT IN ('deleting', 'deleted');
