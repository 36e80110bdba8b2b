-- Leases one asset to a worker: from `uploaded`, or from a worker whose lease ran out.
-- Each claim raises `attempts` and uses up one of `tries`. Gives no row when there is nothing to do.
CREATE OR REPLACE FUNCTION ledger.claim(asset uuid, seconds double precision)
RETURNS TABLE (
    id uuid, root text, owner text, folder text, kind text, recipe text, filename text, attempts integer, lease uuid,
    bucket text, key text, version_id text, size bigint, etag text, sha256 text,
    announced_size bigint, announced_sha256 text, waited double precision, home bigint, stream bigint, seq bigint
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    UPDATE ledger.assets a SET
        attempts = a.attempts + 1, tries = a.tries - 1, lease = gen_random_uuid(), lease_until = now() + make_interval(secs => seconds)
    WHERE a.id = asset AND a.tries > 0 AND (a.state = 'uploaded' OR (a.state = 'processing' AND a.lease_until < now()));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE ledger.attempts t SET ended_at = now(), outcome = 'lease_ran_out' WHERE t.asset = claim.asset AND t.ended_at IS NULL;
    INSERT INTO ledger.attempts (asset, attempt, worker)
    SELECT a.id, a.attempts, current_setting('application_name') FROM ledger.assets a WHERE a.id = claim.asset;
    RETURN QUERY
    SELECT a.id, a.root, a.owner, a.folder, a.kind, a.recipe, a.filename, a.attempts, a.lease,
        b.bucket, b.key, b.version_id, b.size, b.etag, b.sha256, a.announced_size, a.announced_sha256,
        coalesce(extract(epoch FROM now() - a.uploaded_at), 0)::float,
        a.stream, t.stream, t.seq
    FROM ledger.assets a JOIN ledger.blobs b ON b.id = a.blob
    LEFT JOIN ledger.transition(ARRAY[asset], '{uploaded}', 'processing') t ON true
    WHERE a.id = asset;
END $$;

-- Keeps a lease for `seconds` more; false when it is no longer held. With 0 seconds it is given back.
CREATE OR REPLACE FUNCTION ledger.renew(asset uuid, held uuid, seconds double precision) RETURNS boolean LANGUAGE sql AS $$
    WITH kept AS (
        UPDATE ledger.assets SET lease_until = now() + make_interval(secs => seconds)
        WHERE id = asset AND lease = held AND state = 'processing' RETURNING id
    ) SELECT EXISTS (SELECT FROM kept);
$$;

-- Leases that ran out after the last try: these end as `error`.
CREATE OR REPLACE FUNCTION ledger.give_up(code text, message text, most integer)
RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE sql AS $$
    SELECT t.* FROM (
        SELECT array_agg(l.id) AS ids FROM (
            SELECT a.id FROM ledger.assets a WHERE a.state = 'processing' AND a.tries <= 0 AND a.lease_until < now() LIMIT most
            FOR UPDATE SKIP LOCKED  -- else a lease renewed at this moment would be overlooked
        ) l
    ) overdue CROSS JOIN LATERAL ledger.transition(
        overdue.ids, '{processing}', 'error',
        array_fill(jsonb_build_object('code', code, 'message', message, 'fixer', 'operator'), ARRAY[cardinality(overdue.ids)])
    ) t WHERE overdue.ids IS NOT NULL;
$$;

-- Gives a lease back without using up a try: the file is not to blame. Somebody may claim it again after `seconds`.
-- The lease is good for nothing any more: so given back twice it is not two tries, and no result comes beside the next one's.
CREATE OR REPLACE FUNCTION ledger.give_back(asset uuid, held uuid, seconds double precision, why text DEFAULT 'put_off')
RETURNS void LANGUAGE sql AS $$
    WITH given AS (
        UPDATE ledger.assets SET tries = tries + 1, lease = NULL, lease_until = now() + make_interval(secs => seconds)
        WHERE id = asset AND lease = held AND state = 'processing' RETURNING id
    )
    UPDATE ledger.attempts t SET ended_at = now(), outcome = why FROM given WHERE t.asset = given.id AND t.ended_at IS NULL;
$$;

-- For how long all attempts have ended as `unreadable`, without one that ended otherwise in between; 0 when the last did.
CREATE OR REPLACE FUNCTION ledger.unreadable_seconds(asset uuid) RETURNS double precision LANGUAGE sql STABLE AS $$
    SELECT coalesce(extract(epoch FROM now() - min(t.ended_at)), 0) FROM ledger.attempts t
    WHERE t.asset = unreadable_seconds.asset AND t.outcome = 'unreadable' AND t.attempt > coalesce((
        SELECT max(o.attempt) FROM ledger.attempts o
        WHERE o.asset = unreadable_seconds.asset AND o.ended_at IS NOT NULL AND o.outcome <> 'unreadable'), 0);
$$;
