-- Orders: versions that are made once somebody asks for them. An asset takes them while it is `done`, and its row is
-- locked first, as everywhere: so what is placed, and what has come of it, is never seen by halves.

-- Places an order, unless it is placed already. Verdicts: `new`; `open`; `made`; `failed`, with why, until it may be tried
-- again; `not_done`, where the asset takes none; `too_many`, when it has `most` of them (NULL: any number); `busy`, when
-- `most_open` of all assets are open (NULL: any number), bundles not counted, for which nobody waits at the door.
CREATE OR REPLACE FUNCTION ledger.place_order(of_asset uuid, wanted text, most integer, most_open integer)
RETURNS TABLE (verdict text, id bigint, attempt integer, code text, message text) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM ledger.assets a WHERE a.id = of_asset AND a.state = 'done' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'not_done', NULL::bigint, NULL::integer, NULL::text, NULL::text;
        RETURN;
    END IF;
    DELETE FROM ledger.orders o WHERE o.asset = of_asset AND o.name = wanted AND o.ended_at < now() - interval '10 minutes';
    RETURN QUERY
        SELECT 'made', NULL::bigint, NULL::integer, NULL::text, NULL::text
        WHERE EXISTS (SELECT FROM ledger.versions v WHERE v.asset = of_asset AND v.ordered = wanted)
        UNION ALL
        SELECT CASE WHEN o.error_code IS NULL THEN 'open' ELSE 'failed' END, o.id, o.attempts + 1, o.error_code, o.error_message
        FROM ledger.orders o WHERE o.asset = of_asset AND o.name = wanted;
    IF FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY
        SELECT 'too_many', NULL::bigint, NULL::integer, NULL::text, NULL::text WHERE most <= (
            SELECT count(DISTINCT v.ordered) FROM ledger.versions v WHERE v.asset = of_asset AND v.ordered IS NOT NULL
        ) + (SELECT count(*) FROM ledger.orders o WHERE o.asset = of_asset AND o.error_code IS NULL)
        UNION ALL
        SELECT 'busy', NULL::bigint, NULL::integer, NULL::text, NULL::text WHERE most_open <= (
            SELECT count(*) FROM (SELECT FROM ledger.orders o WHERE o.error_code IS NULL AND o.name <> 'bundle' LIMIT most_open) n)
        LIMIT 1;
    IF FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY
        INSERT INTO ledger.orders AS o (asset, name) VALUES (of_asset, wanted)
        RETURNING 'new', o.id, 1, NULL::text, NULL::text;
END $$;

-- Leases an order to a worker. The asset keeps for how long something may be written for it: so the sweep looks for that
-- if it is deleted meanwhile. Gives no row when there is nothing to do.
CREATE OR REPLACE FUNCTION ledger.claim_order(of_asset uuid, wanted text, seconds double precision)
RETURNS TABLE (
    id bigint, attempts integer, lease uuid, stream bigint, root text, owner text, folder text, facts text,
    bucket text, key text, version_id text, etag text, sha256 text
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM ledger.assets a WHERE a.id = of_asset AND a.state = 'done' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE ledger.orders o SET
        attempts = o.attempts + 1, tries = o.tries - 1, lease = gen_random_uuid(), lease_until = now() + make_interval(secs => seconds)
    WHERE o.asset = of_asset AND o.name = wanted AND o.error_code IS NULL AND o.tries > 0
        AND (o.lease_until IS NULL OR o.lease_until < now());
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE ledger.assets a SET lease_until = greatest(a.lease_until, now() + make_interval(secs => seconds)) WHERE a.id = of_asset;
    RETURN QUERY
    SELECT o.id, o.attempts, o.lease, a.stream, a.root, a.owner, a.folder, a.facts::text,
        b.bucket, b.key, b.version_id, b.etag, b.sha256
    FROM ledger.orders o JOIN ledger.assets a ON a.id = o.asset JOIN ledger.blobs b ON b.id = a.blob
    WHERE o.asset = of_asset AND o.name = wanted;
END $$;

-- Keeps a lease for `seconds` more, on the asset's row too; false when it is no longer held, or the asset is gone.
CREATE OR REPLACE FUNCTION ledger.renew_order(of_asset uuid, wanted text, held uuid, seconds double precision)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM ledger.assets a WHERE a.id = of_asset AND a.state = 'done' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE ledger.orders o SET lease_until = now() + make_interval(secs => seconds)
    WHERE o.asset = of_asset AND o.name = wanted AND o.lease = held;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE ledger.assets a SET lease_until = greatest(a.lease_until, now() + make_interval(secs => seconds)) WHERE a.id = of_asset;
    RETURN true;
END $$;

-- What an order made, taken only with the lease it was made under: the order ends, and its versions are there.
CREATE OR REPLACE FUNCTION ledger.finish_order(of_asset uuid, wanted text, held uuid, versions jsonb, recipe_hash text)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM ledger.assets a WHERE a.id = of_asset AND a.state = 'done' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    DELETE FROM ledger.orders o WHERE o.asset = of_asset AND o.name = wanted AND o.lease = held;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM ledger.keep_versions(of_asset, (
        SELECT b.sha256 FROM ledger.assets a JOIN ledger.blobs b ON b.id = a.blob WHERE a.id = of_asset
    ), versions, recipe_hash);
    UPDATE ledger.versions v SET ordered = wanted
    FROM jsonb_to_recordset(versions) AS m (name text) WHERE v.asset = of_asset AND v.name = m.name;
    RETURN true;
END $$;

-- Ends an order as failed; false when its lease was lost.
CREATE OR REPLACE FUNCTION ledger.fail_order(of_asset uuid, wanted text, held uuid, code text, message text)
RETURNS boolean LANGUAGE sql AS $$
    WITH failed AS (
        UPDATE ledger.orders o SET error_code = code, error_message = message, ended_at = now(), lease = NULL
        WHERE o.asset = of_asset AND o.name = wanted AND o.lease = held RETURNING 1
    ) SELECT EXISTS (SELECT FROM failed);
$$;

-- Gives a lease back; somebody may claim it again after `seconds`. `used`: this try counts, since the file may be to blame.
CREATE OR REPLACE FUNCTION ledger.give_back_order(of_asset uuid, wanted text, held uuid, seconds double precision, used boolean)
RETURNS void LANGUAGE sql AS $$
    UPDATE ledger.orders o SET
        lease = NULL, lease_until = now() + make_interval(secs => seconds), tries = o.tries + CASE WHEN used THEN 0 ELSE 1 END
    WHERE o.asset = of_asset AND o.name = wanted AND o.lease = held;
$$;

-- The oldest orders that somebody may claim, bundles last; `attempt` is that of the claim to come.
CREATE OR REPLACE FUNCTION ledger.open_orders(most integer)
RETURNS TABLE (asset uuid, name text, attempt integer) LANGUAGE sql STABLE AS $$
    SELECT o.asset, o.name, o.attempts + 1 FROM ledger.orders o JOIN ledger.assets a ON a.id = o.asset AND a.state = 'done'
    WHERE o.error_code IS NULL AND o.tries > 0 AND (o.lease_until IS NULL OR o.lease_until < now())
    ORDER BY o.name = 'bundle', o.placed_at LIMIT most;
$$;

-- Ends what has used up its tries, and forgets what failed a while ago, or what nobody can have waited for any more: a bundle
-- was promised, and is kept until it is built or has failed.
CREATE OR REPLACE FUNCTION ledger.tidy_orders(code text, message text) RETURNS void LANGUAGE sql AS $$
    UPDATE ledger.orders o SET error_code = code, error_message = message, ended_at = now()
        WHERE o.error_code IS NULL AND o.tries <= 0 AND o.lease_until < now();
    DELETE FROM ledger.orders o WHERE o.ended_at < now() - interval '10 minutes';
    DELETE FROM ledger.orders o WHERE o.error_code IS NULL AND o.name <> 'bundle' AND o.placed_at < now() - interval '1 hour'
        AND (o.lease_until IS NULL OR o.lease_until < now());
$$;
