-- Open slots whose look-up is due, oldest first. Each one's next look-up is set before it is made, backing off
-- from 5 to 60 seconds; so a crash in between costs one interval, not the look-up.
-- A slot is overdue `grace_seconds` after its form ran out: what was begun in time may still be under way.
-- An array, since Postgres would expect so many of a table that it might rather read all assets than look each up.
-- A locked row is being moved this very moment and needs no look-up.
CREATE OR REPLACE FUNCTION ledger.look_up(most integer, grace_seconds double precision DEFAULT 60)
RETURNS TABLE (id uuid, root text, owner text, folder text, state ledger.asset_state, overdue boolean) LANGUAGE sql AS $$
    WITH due AS (
        SELECT a.id FROM ledger.assets a WHERE a.check_at <= now() AND a.state IN ('init', 'expired')
        ORDER BY a.check_at LIMIT most FOR UPDATE SKIP LOCKED
    )
    UPDATE ledger.assets a SET
        checks = least(a.checks + 1, 30),
        check_at = CASE
            WHEN a.state = 'init' THEN least(
                now() + least(interval '5 seconds' * 1.5 ^ least(a.checks, 10), interval '1 minute'),
                -- Once it is overdue it is still there only while storage gives no answer that counts.
                CASE WHEN a.expires_at + make_interval(secs => grace_seconds) > now()
                THEN greatest(a.expires_at + make_interval(secs => grace_seconds), now() + interval '1 second') END)
            WHEN a.checks < 3 THEN now() + interval '20 minutes' * 4 ^ a.checks
        END
    WHERE a.id = ANY (ARRAY(TABLE due))
    RETURNING a.id, a.root, a.owner, a.folder, a.state, a.state = 'init' AND a.expires_at + make_interval(secs => grace_seconds) <= now();
$$;
