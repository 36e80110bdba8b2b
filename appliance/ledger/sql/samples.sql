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

-- A figure from `since` to `until`, by steps of so many seconds: of what is measured the mean of each step, or with
-- `worst` the largest; of what is counted (`counted`) how much came a second. A count that is smaller than the one before
-- it began anew in between. Steps of which nothing is known have no row.
CREATE OR REPLACE FUNCTION ledger.read_samples(
    of_metric text, since timestamptz, until timestamptz, seconds integer, counted boolean
) RETURNS TABLE (labels jsonb, step timestamptz, mean double precision, worst double precision)
LANGUAGE sql STABLE AS $$
    SELECT l.labels, date_bin(make_interval(secs => seconds), v.at, 'epoch') AS step,
        CASE WHEN counted THEN sum(v.came) / nullif(sum(v.took), 0) ELSE avg(v.value) END,
        CASE WHEN counted THEN max(v.came / nullif(v.took, 0)) ELSE max(v.value) END
    FROM ledger.sample_series l CROSS JOIN LATERAL (
        SELECT s.at, s.value,
            CASE WHEN s.value < lag(s.value) OVER w THEN s.value ELSE s.value - lag(s.value) OVER w END AS came,
            extract(epoch FROM s.at - lag(s.at) OVER w)::float AS took
        FROM ledger.samples s
        -- The one before is needed for what is counted.
        WHERE s.series = l.id AND s.at >= since - interval '10 minutes' AND s.at < until
        WINDOW w AS (ORDER BY s.at)
    ) v
    WHERE l.metric = of_metric AND v.at >= since AND (NOT counted OR v.took IS NOT NULL)
    GROUP BY l.labels, 2;
$$;
