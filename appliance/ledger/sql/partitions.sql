-- Makes the partitions of this month and the next, and drops those whose last event is older than `keep_days`.
-- Months are of UTC, whatever the time zone of the server: else one moved to another zone would leave a gap between two.
CREATE OR REPLACE FUNCTION ledger.keep_partitions(keep_days integer) RETURNS integer LANGUAGE plpgsql
SET timezone = 'UTC' AS $$
DECLARE
    month date;
    old record;
    dropped integer := 0;
BEGIN
    FOR month IN SELECT date_trunc('month', now())::date + make_interval(months => m) FROM generate_series(0, 1) m LOOP
        EXECUTE format(
            'CREATE TABLE IF NOT EXISTS ledger.%I PARTITION OF ledger.events FOR VALUES FROM (%L) TO (%L)',
            'events_' || to_char(month, 'YYYYMM'), month, month + interval '1 month');
    END LOOP;
    FOR old IN
        SELECT p.relname, p.month FROM ledger.event_partitions() p
        WHERE p.month + interval '1 month' < now() - make_interval(days => keep_days) ORDER BY p.month
    LOOP
        PERFORM ledger.note_dropped(old.relname, ledger.month_number(old.month));
        EXECUTE format('DROP TABLE ledger.%I', old.relname);
        dropped := dropped + 1;
    END LOOP;
    UPDATE ledger.epoch e SET kept_from = k.month
        FROM (SELECT ledger.month_number(min(p.month)) AS month FROM ledger.event_partitions() p) k
        WHERE e.kept_from <> k.month;
    -- Who was away for longer is not believed to have missed nothing.
    DELETE FROM ledger.dropped d USING ledger.epoch e WHERE d.month < e.kept_from - 12;
    RETURN dropped;
END $$;

CREATE OR REPLACE FUNCTION ledger.event_partitions() RETURNS TABLE (relname name, month date) LANGUAGE sql STABLE AS $$
    SELECT c.relname, to_date(right(c.relname, 6), 'YYYYMM') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'ledger.events'::regclass;
$$;

CREATE OR REPLACE FUNCTION ledger.month_number(month date) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
    SELECT (12 * extract(year FROM month) + extract(month FROM month))::integer;
$$;

-- Remembers which events of what users sent go with a partition: the newest of each user and stream. It goes from one to
-- the next by the index, so that it takes as long as there are users, however many events there are.
CREATE OR REPLACE FUNCTION ledger.note_dropped(partition name, of_month integer) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($of$
        WITH RECURSIVE newest AS (
            (SELECT e.uploader, e.stream, e.seq FROM ledger.%1$I e WHERE e.uploader IS NOT NULL
             ORDER BY e.uploader DESC, e.stream DESC, e.seq DESC LIMIT 1)
            UNION ALL
            SELECT further.* FROM newest n CROSS JOIN LATERAL (
                SELECT e.uploader, e.stream, e.seq FROM ledger.%1$I e
                WHERE e.uploader IS NOT NULL AND (e.uploader, e.stream) < (n.uploader, n.stream)
                ORDER BY e.uploader DESC, e.stream DESC, e.seq DESC LIMIT 1
            ) further
        )
        INSERT INTO ledger.dropped AS d (uploader, stream, seq, month) SELECT n.*, $1 FROM newest n
        ON CONFLICT (uploader, stream) DO UPDATE
            SET seq = greatest(d.seq, excluded.seq), month = greatest(d.month, excluded.month)
    $of$, partition) USING of_month;
END $$;
