-- Files of libraries: remembered, queued, worked on, recorded.

-- The folder of assets of a library: by it they are found without looking at those of others.
CREATE OR REPLACE FUNCTION ledger.library_folder(library integer) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT 'library-' || library;
$$;

-- Where the files of a workflow are.
CREATE OR REPLACE FUNCTION ledger.library_place(workflow jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY[s ->> 'folder', s ->> 'endpoint', s ->> 'bucket', s ->> 'prefix'] FROM (SELECT workflow -> 'source') p (s);
$$;

-- A worker of this host has this workflow mounted.
CREATE OR REPLACE FUNCTION ledger.library_mount(of_name text, of_workflow jsonb, of_rules text, of_host text DEFAULT '')
RETURNS TABLE (id integer, paused boolean) LANGUAGE sql AS $$
    INSERT INTO ledger.streams (root, owner) VALUES ('system', 'library') ON CONFLICT (root, owner) DO NOTHING;
    INSERT INTO ledger.libraries AS l (name, workflow, rules, host) VALUES (of_name, of_workflow, of_rules, of_host)
    ON CONFLICT (name) WHERE workflow <> '{}' DO UPDATE SET
        workflow = excluded.workflow, rules = excluded.rules, host = excluded.host, mounted_at = now(), problem = NULL
    RETURNING l.id, l.paused;
$$;

-- These files that a host has mounted are no workflows, and why. What it said of others before is taken back; what other hosts
-- said is theirs.
CREATE OR REPLACE FUNCTION ledger.library_broken(names text[], problems text[], of_host text DEFAULT '')
RETURNS void LANGUAGE sql AS $$
    DELETE FROM ledger.libraries l WHERE l.workflow = '{}' AND l.host = of_host AND NOT (l.name = ANY (names));
    INSERT INTO ledger.libraries AS l (name, workflow, rules, problem, host)
    SELECT u.name, '{}', '', u.problem, of_host FROM unnest(names, problems) u (name, problem)
    ON CONFLICT (host, name) WHERE workflow = '{}' DO UPDATE SET problem = excluded.problem, mounted_at = now();
$$;

-- Files that are no workflows, of hosts that have not said so for `seconds`: gone, or called otherwise by now.
CREATE OR REPLACE FUNCTION ledger.library_forget_broken(seconds double precision) RETURNS TABLE (host text, name text) LANGUAGE sql AS $$
    DELETE FROM ledger.libraries l WHERE l.workflow = '{}' AND l.mounted_at < now() - make_interval(secs => seconds)
    RETURNING l.host, l.name;
$$;

-- The find task is put where the queue of a library is empty and it was not looked through for `seconds`, or somebody asks.
-- Gives its id; no row where nothing is due.
CREATE OR REPLACE FUNCTION ledger.library_due(of_library integer, seconds double precision) RETURNS TABLE (id bigint) LANGUAGE sql AS $$
    WITH asked AS (
        UPDATE ledger.libraries l SET scan_asked_at = NULL WHERE l.id = of_library AND l.scan_asked_at IS NOT NULL
            AND NOT EXISTS (SELECT FROM ledger.library_scans t WHERE t.library = of_library AND t.ended_at IS NULL) RETURNING l.id
    )
    INSERT INTO ledger.library_scans AS s (library)
    SELECT l.id FROM ledger.libraries l WHERE l.id = of_library AND (
        EXISTS (SELECT FROM asked) OR (
            NOT l.paused
            AND coalesce((SELECT t.began_at FROM ledger.library_scans t WHERE t.library = l.id ORDER BY t.id DESC LIMIT 1)
                <= now() - make_interval(secs => seconds), true)
            AND NOT EXISTS (SELECT FROM ledger.assets a WHERE a.lane = 'backfill' AND a.state = 'uploaded'
                AND a.worth IS NOT NULL AND a.folder = ledger.library_folder(l.id))
            AND NOT EXISTS (SELECT FROM ledger.assets a WHERE a.state = 'processing' AND a.lane = 'backfill'
                AND a.folder = ledger.library_folder(l.id))))
    ON CONFLICT DO NOTHING RETURNING s.id;
$$;

-- Takes the open scan of a library, if nobody is at it.
CREATE OR REPLACE FUNCTION ledger.library_begin(of_library integer, seconds double precision)
RETURNS TABLE (id bigint, lease uuid) LANGUAGE sql AS $$
    UPDATE ledger.library_scans s SET lease = gen_random_uuid(), lease_until = now() + make_interval(secs => seconds)
    WHERE s.library = of_library AND s.ended_at IS NULL AND (s.lease_until IS NULL OR s.lease_until < now())
    RETURNING s.id, s.lease;
$$;

-- Notes how far a scan is, and keeps its lease; no row where that was lost. The end of one is the end of those before it that
-- are older than the charts are long: a library is looked through some hundred times a day.
CREATE OR REPLACE FUNCTION ledger.library_note_scan(
    scan bigint, held uuid, seconds double precision, counts jsonb, ended boolean, of_problem text DEFAULT NULL
) RETURNS TABLE (id bigint) LANGUAGE sql AS $$
    WITH noted AS (
        UPDATE ledger.library_scans s SET
            lease_until = now() + make_interval(secs => seconds),
            seen = (counts ->> 'seen')::bigint, probed = (counts ->> 'probed')::bigint, wanted = (counts ->> 'wanted')::bigint,
            unreadable = (counts ->> 'unreadable')::bigint, skips = counts -> 'skips',
            ended_at = CASE WHEN ended THEN now() END, problem = of_problem
        WHERE s.id = scan AND s.lease = held AND s.ended_at IS NULL RETURNING s.id, s.library
    ), forgotten AS (
        DELETE FROM ledger.library_scans s USING noted n
        WHERE ended AND s.library = n.library AND s.id < n.id AND s.ended_at < now() - interval '30 days'
    )
    SELECT n.id FROM noted n;
$$;

-- What is known of these files, at their places from 1: their numbers, and why they stay as they are, if they do. No number: it
-- is new, has changed, was decided by other rules, or would have taken longer than there was time for and would not any more.
CREATE OR REPLACE FUNCTION ledger.library_known(
    of_library integer, of_rules text, digests bytea[], versions text[], most_cpu_seconds double precision
) RETURNS TABLE (place bigint, number bigint, why text) LANGUAGE sql STABLE AS $$
    SELECT g.place, f.number, f.why FROM unnest(digests, versions) WITH ORDINALITY AS g (digest, version, place)
    LEFT JOIN ledger.library_files f ON f.library = of_library AND f.digest = g.digest AND f.version = g.version
        AND (f.rules = of_rules OR f.why = 'undone')  -- what somebody wants as it was stays so by any rules
        AND NOT (f.why IS NOT DISTINCT FROM 'too_long' AND coalesce(f.estimated_cpu_seconds, 0) <= most_cpu_seconds);
$$;

-- Remembers what was decided about files, and queues those that are to be made anew.
-- rows: [{digest, path (both hex), name, size, version, why, reason, facts, worth}]. What waits, or is worked on, stays: it is
-- decided once more when its turn comes. Until then it waits by what the rules of now make of it.
CREATE OR REPLACE FUNCTION ledger.library_keep(of_library integer, scan bigint, of_rules text, rows jsonb)
RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one record;
    held bigint;
    made uuid;
    queued uuid[] := '{}';
    notes jsonb[] := '{}';
BEGIN
    WITH given AS (
        SELECT decode(r ->> 'digest', 'hex') AS digest, (r ->> 'size')::bigint AS size, r ->> 'version' AS version,
            r ->> 'why' IS NULL AS wanted, r ->> 'reason' AS reason, r -> 'facts' AS facts, (r ->> 'worth')::real AS worth
        FROM jsonb_array_elements(rows) r
    ), waits AS (
        UPDATE ledger.library_files f SET rules = of_rules, size = g.size, version = g.version,
            reason = CASE WHEN g.wanted THEN g.reason ELSE f.reason END, facts = CASE WHEN g.wanted THEN g.facts ELSE f.facts END
        FROM given g, ledger.assets a
        WHERE f.library = of_library AND f.digest = g.digest AND a.id = f.asset
            AND (a.state = 'uploaded' OR (a.state = 'processing' AND f.version = g.version))
        RETURNING f.asset, CASE WHEN g.wanted THEN g.worth END AS worth
    )
    UPDATE ledger.assets a SET worth = w.worth FROM waits w WHERE a.id = w.asset AND a.state = 'uploaded' AND w.worth IS NOT NULL;
    FOR one IN
        WITH given AS (
            SELECT decode(r ->> 'digest', 'hex') AS digest, decode(r ->> 'path', 'hex') AS path, r ->> 'name' AS name,
                (r ->> 'size')::bigint AS size, r ->> 'version' AS version, r ->> 'why' AS why, r ->> 'reason' AS reason,
                r -> 'facts' AS facts, (r ->> 'worth')::real AS worth
            FROM jsonb_array_elements(rows) r
        ), kept AS (
            INSERT INTO ledger.library_files AS f (library, digest, path, size, version, rules, why, reason, facts, seen_in)
            SELECT of_library, g.digest, g.path, g.size, g.version, of_rules, g.why, g.reason, g.facts, scan FROM given g
            ON CONFLICT (library, digest) DO UPDATE SET
                size = excluded.size, version = excluded.version, rules = excluded.rules, why = excluded.why,
                reason = excluded.reason, facts = excluded.facts, record = '{}', seen_in = excluded.seen_in
            WHERE NOT EXISTS (SELECT FROM ledger.assets a WHERE a.id = f.asset AND a.state IN ('uploaded', 'processing'))
            RETURNING f.digest, f.size, f.version, f.why, f.reason, f.asset
        )
        SELECT k.*, g.name, g.worth, g.path FROM kept k JOIN given g ON g.digest = k.digest WHERE k.why IS NULL ORDER BY k.digest
    LOOP
        INSERT INTO ledger.blobs AS b (bucket, key, version_id, size, etag)
        VALUES ('/', of_library || '/' || encode(one.digest, 'hex'), one.version, one.size, '')
        ON CONFLICT (bucket, key, version_id) DO UPDATE SET size = excluded.size RETURNING b.id INTO held;
        INSERT INTO ledger.assets AS a (stream, root, owner, folder, kind, lane, recipe, filename, blob, worth, expires_at)
        SELECT s.id, s.root, s.owner, ledger.library_folder(of_library), 'video', 'backfill', 'library', one.name, held, one.worth, now()
        FROM ledger.streams s WHERE s.root = 'system' AND s.owner = 'library' RETURNING a.id INTO made;
        UPDATE ledger.library_files f SET asset = made WHERE f.library = of_library AND f.digest = one.digest;
        queued := queued || made;
        notes := notes || jsonb_build_object('library', of_library, 'reason', one.reason);
    END LOOP;
    RETURN QUERY SELECT * FROM ledger.transition(queued, '{init}', 'uploaded', notes);
END $$;

-- Forgets those of these files that nothing was said of since this scan began; those that are worked on stay until that ends.
CREATE OR REPLACE FUNCTION ledger.library_forget(of_library integer, scan bigint, numbers bigint[]) RETURNS bigint LANGUAGE sql AS $$
    WITH gone AS (
        DELETE FROM ledger.library_files f WHERE f.library = of_library AND f.number = ANY (numbers) AND f.seen_in < scan
            AND NOT EXISTS (SELECT FROM ledger.assets a WHERE a.id = f.asset AND a.state IN ('uploaded', 'processing'))
        RETURNING 1
    ) SELECT count(*) FROM gone;
$$;

-- As `open_jobs`, of the lane of those that nobody waits for: of each library that may be worked on, what saves the most for the
-- work. Each has its share, so that none waits for another that another host works on.
CREATE OR REPLACE FUNCTION ledger.open_backfill(most integer)
RETURNS TABLE (id uuid, attempt integer, worth real) LANGUAGE sql STABLE AS $$
    WITH running AS (
        SELECT l.id FROM ledger.libraries l
        WHERE NOT l.paused AND l.waits IS NULL AND l.problem IS NULL AND l.mounted_at > now() - interval '5 minutes'
    )
    (SELECT a.id, a.attempts + 1, a.worth FROM ledger.assets a
     WHERE a.state = 'processing' AND a.lease_until < now() AND a.lane = 'backfill' AND a.tries > 0 ORDER BY a.lease_until
     LIMIT ceil(most / 3.0))
    UNION ALL
    SELECT o.id, o.attempt, o.worth FROM running r CROSS JOIN LATERAL (
        SELECT a.id, a.attempts + 1 AS attempt, a.worth FROM ledger.assets a
        WHERE a.state = 'uploaded' AND a.lane = 'backfill' AND a.folder = ledger.library_folder(r.id) AND a.worth IS NOT NULL
        ORDER BY a.worth DESC, a.id DESC LIMIT greatest(1, most / (SELECT count(*) FROM running))
    ) o;
$$;

-- One step of the work on a file is done, under this lease: its record has what the next one needs. No row without the lease.
CREATE OR REPLACE FUNCTION ledger.library_step(asset uuid, held uuid, step text, facts jsonb, told jsonb)
RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    -- As everywhere here: first the file's row, then the asset, then the stream.
    PERFORM FROM ledger.library_files f WHERE f.asset = library_step.asset FOR NO KEY UPDATE;
    PERFORM FROM ledger.assets a WHERE a.id = library_step.asset AND a.lease = held AND a.state = 'processing' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE ledger.library_files f SET record = f.record || library_step.facts || jsonb_build_object('step', step)
        WHERE f.asset = library_step.asset;
    RETURN QUERY SELECT * FROM ledger.append(
        ARRAY[library_step.asset], 'step', 'processing', ARRAY[jsonb_build_object('step', step) || told]);
END $$;

-- The end of the work on a file, under this lease: what came of it, and the file as it is now. No row without the lease.
-- result: as the columns of library_results. now_: {digest, path (both hex), size, version}.
CREATE OR REPLACE FUNCTION ledger.library_finish(asset uuid, held uuid, result jsonb, now_ jsonb)
RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    mine ledger.library_files;
    now_digest bytea := decode(now_ ->> 'digest', 'hex');
BEGIN
    SELECT * INTO mine FROM ledger.library_files f WHERE f.asset = library_finish.asset FOR UPDATE;
    RETURN QUERY SELECT * FROM ledger.transition(
        ARRAY[library_finish.asset], '{processing}', 'done', ARRAY[jsonb_build_object('versions', '[]'::jsonb, 'source', result)], held);
    IF NOT FOUND OR mine.library IS NULL THEN
        RETURN;
    END IF;
    UPDATE ledger.assets a SET facts = result WHERE a.id = library_finish.asset;
    DELETE FROM ledger.library_files f WHERE f.library = mine.library AND f.digest = now_digest AND f.digest <> mine.digest;
    UPDATE ledger.library_files f SET digest = now_digest, path = decode(now_ ->> 'path', 'hex'),
            size = (now_ ->> 'size')::bigint, version = now_ ->> 'version', rules = coalesce(now_ ->> 'rules', f.rules),
            why = coalesce(result ->> 'why', 'replaced'), reason = result ->> 'reason', record = '{}',
            seen_in = greatest(f.seen_in, (SELECT max(s.id) FROM ledger.library_scans s WHERE s.library = mine.library))
        WHERE f.library = mine.library AND f.digest = mine.digest;
    INSERT INTO ledger.library_results AS t
    SELECT (jsonb_populate_record(NULL::ledger.library_results, result || jsonb_build_object(
        'asset', library_finish.asset, 'library', mine.library, 'at', now(), 'path', '\x' || encode(mine.path, 'hex'),
        'raw_factor', coalesce((result ->> 'raw_factor')::real, 1)))).*
    ON CONFLICT (asset) DO NOTHING;
END $$;

-- An original is back: its file is left alone from now on. now_: as library_finish takes it.
CREATE OR REPLACE FUNCTION ledger.library_undone(asset uuid, now_ jsonb)
RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    mine ledger.library_files;
    now_digest bytea := decode(now_ ->> 'digest', 'hex');
BEGIN
    UPDATE ledger.library_results t SET undone_at = now(), kept_problem = NULL
        WHERE t.asset = library_undone.asset AND t.undone_at IS NULL AND t.freed_at IS NULL;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO mine FROM ledger.library_files f WHERE f.asset = library_undone.asset FOR UPDATE;
    IF FOUND THEN
        DELETE FROM ledger.library_files f WHERE f.library = mine.library AND f.digest = now_digest AND f.digest <> mine.digest;
        UPDATE ledger.library_files f SET digest = now_digest, path = decode(now_ ->> 'path', 'hex'),
                size = (now_ ->> 'size')::bigint, version = now_ ->> 'version', why = 'undone',
                reason = 'somebody has brought it back as it was',
                seen_in = greatest(f.seen_in, (SELECT max(s.id) FROM ledger.library_scans s WHERE s.library = mine.library))
            WHERE f.library = mine.library AND f.digest = mine.digest;
    END IF;
    -- Another library of the same place leaves it alone as well: it may be the same one by another name.
    INSERT INTO ledger.library_files AS f (library, digest, path, size, version, rules, why, reason, seen_in)
    SELECT o.id, now_digest, decode(now_ ->> 'path', 'hex'), (now_ ->> 'size')::bigint, now_ ->> 'version', '', 'undone',
        'somebody has brought it back as it was',
        coalesce((SELECT max(s.id) FROM ledger.library_scans s WHERE s.library = o.id), 0)
    FROM ledger.library_results t JOIN ledger.libraries l ON l.id = t.library JOIN ledger.libraries o ON o.id <> l.id
        AND ledger.library_place(o.workflow) = ledger.library_place(l.workflow)
    WHERE t.asset = library_undone.asset
    ON CONFLICT (library, digest) DO UPDATE SET size = excluded.size, version = excluded.version, why = excluded.why,
        reason = excluded.reason, seen_in = excluded.seen_in
    WHERE NOT EXISTS (SELECT FROM ledger.assets a WHERE a.id = f.asset AND a.state IN ('uploaded', 'processing'));
    RETURN QUERY SELECT * FROM ledger.append(
        ARRAY[library_undone.asset], 'step', 'done', ARRAY['{"step": "undone"}'::jsonb]);
END $$;

-- The originals of these files are gone for good: from now on their bytes are saved. step: as it is told: `freed` in their time,
-- `released` where somebody let go of them.
CREATE OR REPLACE FUNCTION ledger.library_freed(assets uuid[], step text DEFAULT 'freed')
RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    freed uuid[];
BEGIN
    WITH gone AS (
        UPDATE ledger.library_results t SET freed_at = now(), kept_problem = NULL
        WHERE t.asset = ANY (assets) AND t.freed_at IS NULL AND t.undone_at IS NULL RETURNING t.asset
    ) SELECT array_agg(g.asset ORDER BY g.asset) INTO freed FROM gone g;
    RETURN QUERY SELECT * FROM ledger.append(
        coalesce(freed, '{}'), 'step', 'done',
        array_fill(jsonb_build_object('step', library_freed.step), ARRAY[coalesce(cardinality(freed), 0)]));
END $$;

-- A look at the originals of a library has come to its end: those of `assets` are kept beyond their time, and why (NULL: that
-- could not be found out now); of others of this library that is no longer so.
CREATE OR REPLACE FUNCTION ledger.library_held(of_library integer, assets uuid[], problems text[]) RETURNS void LANGUAGE sql AS $$
    UPDATE ledger.library_results t SET kept_problem = u.problem FROM unnest(assets, problems) u (asset, problem)
    WHERE t.asset = u.asset AND u.problem IS NOT NULL AND t.kept_problem IS DISTINCT FROM u.problem
        AND t.freed_at IS NULL AND t.undone_at IS NULL;
    UPDATE ledger.library_results t SET kept_problem = NULL
    WHERE t.library = of_library AND t.kept_problem IS NOT NULL AND NOT (t.asset = ANY (assets));
$$;
