-- The oldest work of a lane: what was put off or a dead worker left behind, and what waits. `attempt` is that of the claim to
-- come. The former is at most a third, so that files which are put off again and again don't keep new ones waiting.
CREATE OR REPLACE FUNCTION ledger.open_jobs(of_lane text, most integer)
RETURNS TABLE (id uuid, attempt integer) LANGUAGE sql STABLE AS $$
    (SELECT a.id, a.attempts + 1 FROM ledger.assets a
     WHERE a.state = 'processing' AND a.lease_until < now() AND a.lane = of_lane AND a.tries > 0 ORDER BY a.lease_until
     LIMIT ceil(most / 3.0))
    UNION ALL
    (SELECT a.id, a.attempts + 1 FROM ledger.assets a
     WHERE a.state = 'uploaded' AND a.lane = of_lane ORDER BY a.uploaded_at LIMIT most);
$$;
