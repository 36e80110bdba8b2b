-- What is to be erased now: up to `most` assets out of view, and as many tombstones whose key may have been written again
-- since; so that neither kind waits for the end of the other.
-- The next look is set before this one is made; at tombstones less and less often, but within a minute while their form is
-- good. An array: as in look_up. `last`: no form can be replayed any more, and no worker that had it when it was deleted still writes: the row may go.
CREATE OR REPLACE FUNCTION ledger.erase_due(most integer)
RETURNS TABLE (id uuid, root text, owner text, folder text, state ledger.asset_state, last boolean) LANGUAGE sql AS $$
    WITH leaving AS (
        SELECT a.id FROM ledger.assets a WHERE a.check_at <= now() AND a.state = 'deleting'
        ORDER BY a.check_at LIMIT most FOR UPDATE SKIP LOCKED
    ), tombstones AS (
        SELECT a.id FROM ledger.assets a WHERE a.check_at <= now() AND a.state = 'deleted'
        ORDER BY a.check_at LIMIT most FOR UPDATE SKIP LOCKED
    )
    UPDATE ledger.assets a SET
        checks = least(a.checks + 1, 30),
        check_at = CASE
            WHEN a.state = 'deleting' THEN now() + interval '10 seconds'
            WHEN now() < greatest(a.expires_at + interval '1 minute', a.lease_until + interval '2 minutes')
            THEN now() + least(interval '30 seconds' * 1.25 ^ least(a.checks, 10), interval '50 seconds')
            -- A form sent at the last moment, slowly; a worker that stood still.
            ELSE greatest(a.expires_at + interval '1 hour', a.lease_until + interval '10 minutes', now() + interval '1 minute')
        END
    WHERE a.id = ANY (ARRAY(TABLE leaving UNION ALL TABLE tombstones))
    RETURNING a.id, a.root, a.owner, a.folder, a.state,
        a.state = 'deleted' AND greatest(a.expires_at + interval '1 hour', a.lease_until + interval '10 minutes') <= now();
$$;
