-- The ledger's side of verifying: references to object versions in the order of their keys' bytes, a page at a time.
-- A reference is required when its object version must be there: what is known to be missing or damaged is `error` already.

-- Pinned originals with a key from `after` (and version) on and below `until`.
CREATE OR REPLACE FUNCTION ledger.pinned(of_bucket text, after text, after_version text, until text, most integer)
RETURNS TABLE (id uuid, key text, version_id text, size bigint, etag text, sha256 text, required boolean) LANGUAGE sql STABLE AS $$
    SELECT a.id, b.key, b.version_id, b.size, b.etag, b.sha256, coalesce(a.required, false)
    FROM (
        SELECT * FROM ledger.blobs b
        WHERE b.bucket = of_bucket AND (b.key, b.version_id) > (after, after_version) AND b.key < until
        ORDER BY b.key, b.version_id LIMIT most
    ) b
    LEFT JOIN LATERAL (
        SELECT (array_agg(a.id ORDER BY a.id))[1] AS id,
            bool_or(a.state IN ('uploaded', 'processing', 'done')
                OR (a.state = 'error' AND coalesce(a.error_code, '') NOT IN ('object_missing', 'object_damaged'))) AS required
        FROM ledger.assets a WHERE a.blob = b.id
    ) a ON true
    ORDER BY b.key, b.version_id;
$$;

-- Owners in the order of their prefixes, those after `after`.
CREATE OR REPLACE FUNCTION ledger.owners(after text, most integer)
RETURNS TABLE (prefix text, stream bigint, root text, owner text) LANGUAGE sql STABLE AS $$
    SELECT s.root || '/' || s.owner || '/', s.id, s.root, s.owner FROM ledger.streams s
    WHERE (s.root || '/' || s.owner || '/') COLLATE "C" > after
    ORDER BY (s.root || '/' || s.owner || '/') COLLATE "C" LIMIT most;
$$;

-- The versions of one owner's assets in one folder, with ids between the two: a row a version, or one with none.
CREATE OR REPLACE FUNCTION ledger.developed(of_stream bigint, of_folder text, after uuid, until uuid, most integer)
RETURNS TABLE (id uuid, name text, sha256 text, extension text, bytes bigint, required boolean) LANGUAGE sql STABLE AS $$
    SELECT a.id, v.name, v.sha256, v.extension, v.bytes, a.state = 'done'
    FROM (
        SELECT a.id, a.state FROM ledger.assets a
        WHERE a.stream = of_stream AND a.folder = of_folder AND a.state NOT IN ('deleting', 'deleted')
            AND a.id > after AND a.id < until
        ORDER BY a.id LIMIT most
    ) a LEFT JOIN ledger.versions v ON v.asset = a.id
    ORDER BY a.id;
$$;

-- How many of the next `most` assets are in which state, and where the next page begins.
CREATE OR REPLACE FUNCTION ledger.tally(after uuid, until uuid, most integer)
RETURNS TABLE (state text, error_code text, n bigint, last uuid) LANGUAGE sql STABLE AS $$
    SELECT a.state::text, a.error_code, count(*), max(a.id::text)::uuid FROM (
        SELECT a.id, a.state, a.error_code FROM ledger.assets a WHERE a.id > after AND a.id < until ORDER BY a.id LIMIT most
    ) a GROUP BY a.state, a.error_code;
$$;

-- What the ledger says now of object versions that nothing seemed to refer to; `ids` and `files` as their keys say.
CREATE OR REPLACE FUNCTION ledger.explain(of_bucket text, keys text[], version_ids text[], ids uuid[], files text[])
RETURNS TABLE (
    place bigint, kept boolean, root text, owner text, folder text, state text, looked_for boolean
) LANGUAGE sql STABLE AS $$
    SELECT c.place,
        EXISTS (SELECT FROM ledger.blobs b JOIN ledger.assets r ON r.blob = b.id
                WHERE b.bucket = of_bucket AND b.key = c.key AND b.version_id = c.version_id)
        OR (of_bucket = 'versions' AND EXISTS (SELECT FROM ledger.versions v WHERE v.asset = c.id
                AND v.name || '.' || left(v.sha256, 12) || '.' || v.extension = c.file)),
        a.root, a.owner, a.folder, a.state::text, a.check_at IS NOT NULL
    FROM unnest(keys, version_ids, ids, files) WITH ORDINALITY AS c (key, version_id, id, file, place)
    LEFT JOIN ledger.assets a ON a.id = c.id
    ORDER BY c.place;
$$;

-- Which references are required still, of those that seemed to have no object version.
CREATE OR REPLACE FUNCTION ledger.still_required(of_bucket text, keys text[], version_ids text[], ids uuid[], files text[])
RETURNS TABLE (place bigint) LANGUAGE sql STABLE AS $$
    SELECT c.place FROM unnest(keys, version_ids, ids, files) WITH ORDINALITY AS c (key, version_id, id, file, place)
    WHERE CASE of_bucket
        WHEN 'versions' THEN EXISTS (
            SELECT FROM ledger.versions v JOIN ledger.assets a ON a.id = v.asset
            WHERE v.asset = c.id AND a.state = 'done'
                AND v.name || '.' || left(v.sha256, 12) || '.' || v.extension = c.file)
        ELSE EXISTS (
            SELECT FROM ledger.blobs b JOIN ledger.assets a ON a.blob = b.id
            WHERE b.bucket = of_bucket AND b.key = c.key AND b.version_id = c.version_id
                AND (a.state IN ('uploaded', 'processing', 'done')
                    OR (a.state = 'error' AND coalesce(a.error_code, '') NOT IN ('object_missing', 'object_damaged'))))
        END;
$$;
