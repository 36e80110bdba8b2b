-- Keeps one value of each of these lines, all of this moment. A line that is new is made.
CREATE OR REPLACE FUNCTION ledger.keep_samples(metrics text[], of_labels jsonb[], given double precision[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Not by ON CONFLICT, which takes a number of the identity each time.
    INSERT INTO ledger.sample_series (metric, labels)
    SELECT g.metric, g.labels FROM unnest(metrics, of_labels) g (metric, labels)
    WHERE NOT EXISTS (SELECT FROM ledger.sample_series s WHERE s.metric = g.metric AND s.labels = g.labels);
    INSERT INTO ledger.samples (series, at, value)
    SELECT s.id, now(), g.value FROM unnest(metrics, of_labels, given) g (metric, labels, value)
    JOIN ledger.sample_series s ON s.metric = g.metric AND s.labels = g.labels
    ON CONFLICT DO NOTHING;
END $$;

-- Forgets what is older, line by line: so each is found by the index, and nothing else is read.
CREATE OR REPLACE FUNCTION ledger.forget_samples(days integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    line integer;
BEGIN
    FOR line IN SELECT id FROM ledger.sample_series LOOP
        DELETE FROM ledger.samples WHERE series = line AND at < now() - make_interval(days => days);
    END LOOP;
END $$;

-- A figure from `since` to `until`, by steps of so many seconds: of what is measured the mean of each step and the largest;
-- of what is counted (`counted`) how much came a second. A count that is smaller than the one before it began anew in
-- between. Steps of which nothing is known have no row.
CREATE OR REPLACE FUNCTION ledger.read_samples(
    of_metric text, since timestamptz, until timestamptz, seconds integer, counted boolean
) RETURNS TABLE (labels jsonb, step timestamptz, mean double precision, worst double precision)
LANGUAGE sql STABLE AS $$
    SELECT l.labels, v.step, CASE WHEN counted THEN v.came / v.took ELSE v.mean END, v.worst
    FROM ledger.sample_series l CROSS JOIN LATERAL (
        SELECT date_bin(make_interval(secs => seconds), p.at, 'epoch') AS step, avg(p.value) AS mean, max(p.value) AS worst,
            sum(CASE WHEN p.value < p.value_before THEN p.value ELSE p.value - p.value_before END) AS came,
            -- Of the whole step at once: one row is right behind the other.
            extract(epoch FROM max(p.at) - min(p.at_before))::float AS took
        FROM (
            SELECT s.at, s.value, lag(s.at) OVER w AS at_before, lag(s.value) OVER w AS value_before
            FROM ledger.samples s
            -- The one before is needed for what is counted.
            WHERE s.series = l.id AND s.at >= since - interval '10 minutes' AND s.at < until
            WINDOW w AS (ORDER BY s.at)
        ) p
        WHERE p.at >= since AND (NOT counted OR p.at_before IS NOT NULL)
        GROUP BY 1
    ) v
    WHERE l.metric = of_metric;
$$;
