-- The daily verification: which days are its turn, how far it has come, and which day has waited longest. Days are of UTC.

CREATE OR REPLACE FUNCTION ledger.today() RETURNS date LANGUAGE sql STABLE AS $$
    SELECT (now() AT TIME ZONE 'UTC')::date;
$$;

-- The first day there is anything to verify of; NULL when there is nothing yet.
CREATE OR REPLACE FUNCTION ledger.first_day() RETURNS date LANGUAGE sql STABLE AS $$
    SELECT least(
        (SELECT (uuid_extract_timestamp(a.id) AT TIME ZONE 'UTC')::date FROM ledger.assets a ORDER BY a.id LIMIT 1),
        (SELECT min(v.day) FROM ledger.verified_days v));
$$;

-- The run under way, else a new one: the last `recent` days, and one of `parts` parts of the older, those that were not
-- verified for longest. Gives no row when today's run has ended.
CREATE OR REPLACE FUNCTION ledger.begin_verification(recent integer, parts integer)
RETURNS TABLE (days date[], after text, differences jsonb) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO ledger.verification AS old (days, after, differences)
    SELECT array(
        SELECT d::date FROM generate_series(ledger.today() - recent + 1, ledger.today(), interval '1 day') d
        UNION (SELECT o.day FROM (
            SELECT d::date AS day FROM generate_series(ledger.first_day(), ledger.today() - recent, interval '1 day') d
        ) o LEFT JOIN ledger.verified_days v USING (day)
        ORDER BY v.verified_at NULLS FIRST, o.day
        LIMIT ceil(greatest(ledger.today() - recent + 1 - ledger.first_day(), 0) / parts::numeric))
        ORDER BY 1
    ), '', '{}'
    ON CONFLICT (single) DO UPDATE
        SET days = excluded.days, after = '', differences = '{}', began_at = now(), ended_at = NULL
        WHERE old.ended_at IS NOT NULL AND (old.began_at AT TIME ZONE 'UTC')::date < ledger.today();
    RETURN QUERY SELECT v.days, v.after, v.differences FROM ledger.verification v WHERE v.ended_at IS NULL;
END $$;

-- Owners up to `done` are verified; `found` is day → confirmed differences so far.
CREATE OR REPLACE FUNCTION ledger.note_verification(done text, found jsonb) RETURNS void LANGUAGE sql AS $$
    UPDATE ledger.verification SET after = done, differences = found WHERE ended_at IS NULL;
$$;

CREATE OR REPLACE FUNCTION ledger.end_verification() RETURNS void LANGUAGE sql AS $$
    WITH ended AS (
        UPDATE ledger.verification SET ended_at = now() WHERE ended_at IS NULL RETURNING days, differences, began_at
    )
    INSERT INTO ledger.verified_days (day, verified_at, differences)
    SELECT d, ended.began_at, coalesce((ended.differences ->> d::text)::bigint, 0) FROM ended, unnest(ended.days) d
    ON CONFLICT (day) DO UPDATE SET verified_at = excluded.verified_at, differences = excluded.differences;
$$;

-- For whoever looks after it. A day counts as verified by a run that began after its end, within `days`; the last
-- `recent` days have their turn every day.
CREATE OR REPLACE FUNCTION ledger.verified_state(recent integer, days integer)
RETURNS TABLE (oldest_unverified_day date, days_with_differences bigint, began_at timestamptz, ended_at timestamptz)
LANGUAGE sql STABLE AS $$
    SELECT
        (SELECT min(d)::date FROM generate_series(ledger.first_day(), ledger.today() - recent, interval '1 day') d
         LEFT JOIN ledger.verified_days v ON v.day = d::date
         WHERE v.verified_at IS NULL OR v.verified_at < greatest(
            (d::date + 1)::timestamp AT TIME ZONE 'UTC', now() - make_interval(days => verified_state.days))),
        (SELECT count(*) FROM ledger.verified_days v WHERE v.differences > 0),
        r.began_at, r.ended_at
    FROM (SELECT) one LEFT JOIN ledger.verification r ON true;
$$;
