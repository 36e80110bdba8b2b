-- The oldest work of a lane: what was put off or a dead worker left behind, what waits, and what is tried again after an
-- error. `attempt` is that of the claim to come. The first and the last are at most a third each, so that files which are put
-- off again and again, or thousands that somebody tries again at once, don't keep new ones waiting; the last is `behind` these.
CREATE OR REPLACE FUNCTION ledger.open_jobs(of_lane text, most integer)
RETURNS TABLE (id uuid, attempt integer, behind boolean) LANGUAGE sql STABLE
-- Planned for this lane and so many: for any lane and a tenth of all, where a million wait in another one, all would be read.
SET plan_cache_mode = force_custom_plan AS $$
    (SELECT a.id, a.attempts + 1, false FROM ledger.assets a
     WHERE a.state = 'processing' AND a.lease_until < now() AND a.lane = of_lane AND a.tries > 0 ORDER BY a.lease_until
     LIMIT ceil(most / 3.0))
    UNION ALL
    (SELECT a.id, 1, false FROM ledger.assets a
     WHERE a.state = 'uploaded' AND a.lane = of_lane AND NOT (a.attempts > 0) ORDER BY a.uploaded_at LIMIT most)
    UNION ALL
    (SELECT a.id, a.attempts + 1, true FROM ledger.assets a
     WHERE a.state = 'uploaded' AND a.lane = of_lane AND a.attempts > 0 ORDER BY a.uploaded_at LIMIT ceil(most / 3.0));
$$;
