-- Usage: what an asset takes up follows from its row alone, so it can be counted anew at any time.

-- What an asset in a state takes up; `size` is that of its blob, NULL when it has none. A slot is given back when the bytes
-- came, when it ran out, or when what was cancelled is erased: until then something may be stored that nothing else counts.
CREATE OR REPLACE FUNCTION ledger.taken_up(state ledger.asset_state, size bigint)
RETURNS TABLE (slots bigint, files bigint, bytes bigint) LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN open THEN 1 ELSE 0 END, CASE WHEN open OR stored THEN 1 ELSE 0 END, CASE WHEN stored THEN size ELSE 0 END
    FROM (SELECT
        state = 'init' OR (state = 'deleting' AND size IS NULL) AS open,
        state NOT IN ('init', 'expired', 'deleted') AND size IS NOT NULL AS stored) s;
$$;

-- Whom an asset counts for: its owner, the user and the address that asked for the link; each once.
CREATE OR REPLACE FUNCTION ledger.counted_for(root text, owner text, uploader text, address text)
RETURNS TABLE (scope text, id text) LANGUAGE sql IMMUTABLE AS $$
    SELECT rtrim(root, 's'), owner
    UNION SELECT 'user', uploader WHERE uploader IS NOT NULL
    UNION SELECT 'address', address WHERE address IS NOT NULL;
$$;

-- Counts that assets, which the caller has locked, are about to go to `target`. Rows are locked in the order of their keys.
CREATE OR REPLACE FUNCTION ledger.charge(ids uuid[], target ledger.asset_state) RETURNS void LANGUAGE sql AS $$
    INSERT INTO ledger.usage AS u (scope, id, slots, files, bytes)
    SELECT w.scope, w.id, sum(c.slots), sum(c.files), sum(c.bytes)
    FROM (
        SELECT a.root, a.owner, a.uploader, a.address,
            sum(t.slots - f.slots) AS slots, sum(t.files - f.files) AS files, sum(t.bytes - f.bytes) AS bytes
        FROM ledger.assets a LEFT JOIN ledger.blobs b ON b.id = a.blob
        CROSS JOIN LATERAL ledger.taken_up(a.state, b.size) f CROSS JOIN LATERAL ledger.taken_up(target, b.size) t
        WHERE a.id = ANY (ids)
        GROUP BY a.root, a.owner, a.uploader, a.address
    ) c CROSS JOIN LATERAL ledger.counted_for(c.root, c.owner, c.uploader, c.address) w
    GROUP BY w.scope, w.id HAVING sum(c.slots) <> 0 OR sum(c.files) <> 0 OR sum(c.bytes) <> 0
    ORDER BY w.scope, w.id
    ON CONFLICT (scope, id) DO UPDATE
        SET slots = u.slots + excluded.slots, files = u.files + excluded.files, bytes = u.bytes + excluded.bytes;
$$;

-- Counts one open slot more (or with -1 less) for each, and gives the first limit that it is over, none when it is within all.
-- `limits`: scope → [slots, files, bytes], of those without a limit of their own; 0 is none. `size`: of the file, as announced.
CREATE OR REPLACE FUNCTION ledger.charge_slot(
    root text, owner text, uploader text, address text, step integer, limits jsonb,
    size bigint DEFAULT NULL
) RETURNS TABLE (scope text, what text, most bigint) LANGUAGE sql AS $$
    WITH charged AS (
        INSERT INTO ledger.usage AS u (scope, id, slots, files)
        SELECT w.scope, w.id, step, step FROM ledger.counted_for(root, owner, uploader, address) w ORDER BY w.scope, w.id
        ON CONFLICT (scope, id) DO UPDATE SET slots = u.slots + step, files = u.files + step
        RETURNING u.*
    )
    SELECT c.scope, l.what, l.most FROM charged c CROSS JOIN LATERAL (VALUES
        (1, 'slots', c.slots, coalesce(c.most_slots, (limits -> c.scope ->> 0)::bigint)),
        (2, 'files', c.files, coalesce(c.most_files, (limits -> c.scope ->> 1)::bigint)),
        -- Where nobody said how large the file will be, there is a slot as long as there is any room.
        (3, 'bytes', c.bytes + coalesce(size, 1), coalesce(c.most_bytes, (limits -> c.scope ->> 2)::bigint))
    ) l (place, what, used, most)
    WHERE l.most > 0 AND l.used > l.most ORDER BY c.scope, l.place LIMIT 1;
$$;

-- What usage should be, by the assets.
CREATE OR REPLACE FUNCTION ledger.counted() RETURNS TABLE (scope text, id text, slots bigint, files bigint, bytes bigint)
LANGUAGE sql STABLE AS $$
    SELECT w.scope, w.id, sum(c.slots)::bigint, sum(c.files)::bigint, sum(c.bytes)::bigint
    FROM (
        SELECT a.root, a.owner, a.uploader, a.address, sum(t.slots) AS slots, sum(t.files) AS files, sum(t.bytes) AS bytes
        FROM ledger.assets a LEFT JOIN ledger.blobs b ON b.id = a.blob CROSS JOIN LATERAL ledger.taken_up(a.state, b.size) t
        GROUP BY a.root, a.owner, a.uploader, a.address
    ) c CROSS JOIN LATERAL ledger.counted_for(c.root, c.owner, c.uploader, c.address) w
    GROUP BY w.scope, w.id;
$$;

-- Where usage is not what it should be, in one snapshot.
CREATE OR REPLACE FUNCTION ledger.miscounted(most integer)
RETURNS TABLE (scope text, id text, slots bigint, files bigint, bytes bigint) LANGUAGE sql STABLE AS $$
    SELECT coalesce(u.scope, c.scope), coalesce(u.id, c.id), coalesce(u.slots, 0) - coalesce(c.slots, 0),
        coalesce(u.files, 0) - coalesce(c.files, 0), coalesce(u.bytes, 0) - coalesce(c.bytes, 0)
    FROM ledger.usage u FULL JOIN ledger.counted() c ON c.scope = u.scope AND c.id = u.id
    WHERE (coalesce(u.slots, 0), coalesce(u.files, 0), coalesce(u.bytes, 0))
        <> (coalesce(c.slots, 0), coalesce(c.files, 0), coalesce(c.bytes, 0))
    ORDER BY 1, 2 LIMIT most;
$$;

-- Counts all anew, while uploads wait; what they have not counted yet they have not committed either. Gives how many were wrong.
CREATE OR REPLACE FUNCTION ledger.recount() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    wrong bigint;
BEGIN
    LOCK TABLE ledger.usage IN EXCLUSIVE MODE;
    INSERT INTO ledger.usage AS u (scope, id, slots, files, bytes)
    SELECT m.scope, m.id, -m.slots, -m.files, -m.bytes FROM ledger.miscounted(2147483647) m
    ON CONFLICT (scope, id) DO UPDATE
        SET slots = u.slots + excluded.slots, files = u.files + excluded.files, bytes = u.bytes + excluded.bytes;
    GET DIAGNOSTICS wrong = ROW_COUNT;
    RETURN wrong;
END $$;

-- The first count, of what there was before usage was counted.
CREATE OR REPLACE FUNCTION ledger.begin_usage() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ledger.usage) AND EXISTS (SELECT FROM ledger.assets) THEN
        PERFORM ledger.recount();
    END IF;
END $$;

-- Forgets who has nothing and no limits of its own.
CREATE OR REPLACE FUNCTION ledger.forget_idle_usage() RETURNS bigint LANGUAGE sql AS $$
    WITH gone AS (
        DELETE FROM ledger.usage u WHERE (u.scope, u.id) IN (
            SELECT i.scope, i.id FROM ledger.usage i
            WHERE i.slots = 0 AND i.files = 0 AND i.bytes = 0
                AND num_nonnulls(i.most_slots, i.most_files, i.most_bytes, i.most_requests) = 0
            FOR UPDATE SKIP LOCKED
        ) RETURNING 1
    ) SELECT count(*) FROM gone;
$$;
