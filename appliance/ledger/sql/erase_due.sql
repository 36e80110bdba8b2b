-- What is to be erased now: assets out of view, and tombstones whose key may have been written again since.
-- The next look is set before this one is made. `last`: no form can be replayed any more; the row may go.
CREATE OR REPLACE FUNCTION ledger.erase_due(most integer)
RETURNS TABLE (id uuid, root text, owner text, folder text, state ledger.asset_state, last boolean) LANGUAGE sql AS $$
    WITH due AS (
        SELECT a.id FROM ledger.assets a WHERE a.check_at <= now() AND a.state IN ('deleting', 'deleted')
        ORDER BY a.check_at LIMIT most FOR UPDATE SKIP LOCKED
    )
    UPDATE ledger.assets a SET
        check_at = CASE
            WHEN a.state = 'deleting' THEN now() + interval '10 seconds'
            WHEN now() < a.expires_at + interval '1 minute' THEN now() + interval '20 seconds'
            ELSE greatest(a.expires_at + interval '1 hour', now() + interval '1 minute')  -- a form sent at the last moment, slowly
        END
    FROM due WHERE a.id = due.id
    RETURNING a.id, a.root, a.owner, a.folder, a.state, a.state = 'deleted' AND a.expires_at + interval '1 hour' <= now();
$$;
