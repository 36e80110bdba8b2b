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
        SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'ledger.events'::regclass
          AND to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month' < now() - make_interval(days => keep_days)
    LOOP
        EXECUTE format('DROP TABLE ledger.%I', old.relname);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END $$;
