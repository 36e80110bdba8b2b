-- The oldest work of a lane: what waits, and what a dead worker left behind. `attempt` is that of the claim to come.
CREATE OR REPLACE FUNCTION ledger.open_jobs(of_lane text, most integer)
RETURNS TABLE (id uuid, attempt integer) LANGUAGE sql STABLE AS $$
    (SELECT a.id, a.attempts + 1 FROM ledger.assets a
     WHERE a.state = 'processing' AND a.lease_until < now() AND a.lane = of_lane AND a.tries > 0 ORDER BY a.lease_until LIMIT most)
    UNION ALL
    (SELECT a.id, a.attempts + 1 FROM ledger.assets a
     WHERE a.state = 'uploaded' AND a.lane = of_lane ORDER BY a.uploaded_at LIMIT most);
$$;
