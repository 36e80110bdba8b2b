-- What is to be erased now: assets out of view, and tombstones whose key may have been written again since.
-- The next look is set before this one is made. `last`: no form can be replayed any more, and no worker
-- that had it when it was deleted still writes: the row may go.
CREATE OR REPLACE FUNCTION ledger.erase_due(most integer)
RETURNS TABLE (id uuid, root text, owner text, folder text, state ledger.asset_state, last boolean) LANGUAGE sql AS $$
    WITH due AS (
        SELECT a.id FROM ledger.assets a WHERE a.check_at <= now() AND a.state IN ('deleting', 'deleted')
        ORDER BY a.check_at LIMIT most FOR UPDATE SKIP LOCKED
    )
    UPDATE ledger.assets a SET
        check_at = CASE
            WHEN a.state = 'deleting' THEN now() + interval '10 seconds'
            WHEN now() < greatest(a.expires_at + interval '1 minute', a.lease_until + interval '2 minutes')
            THEN now() + interval '20 seconds'
            -- A form sent at the last moment, slowly; a worker that stood still.
            ELSE greatest(a.expires_at + interval '1 hour', a.lease_until + interval '10 minutes', now() + interval '1 minute')
        END
    FROM due WHERE a.id = due.id
    RETURNING a.id, a.root, a.owner, a.folder, a.state,
        a.state = 'deleted' AND greatest(a.expires_at + interval '1 hour', a.lease_until + interval '10 minutes') <= now();
$$;
