-- Two indexes in place of one over all that the sweep looks at: so looking for uploads does not read past what waits to be
-- erased, nor the other way round. Applied by a migration; may be applied again.
CREATE INDEX IF NOT EXISTS assets_to_look_up ON ledger.assets (check_at) WHERE state IN ('init', 'expired');
CREATE INDEX IF NOT EXISTS assets_to_erase ON ledger.assets (state, check_at) WHERE state IN ('deleting', 'deleted');
DROP INDEX IF EXISTS ledger.assets_to_check;
