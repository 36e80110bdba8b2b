-- Storage holds the bytes of these assets: pin version, size and ETag, and move them to `uploaded`.
-- Any of the three signals ends here (a client's hint by way of the sweep), any number of times; the event keeps the first.
-- Gives a verdict a row, in their order: `moved`; `known` (this version is pinned already); `foreign` (another version is pinned, or the
-- asset takes no bytes any more: the version must be deleted); `unknown` (no such asset).
CREATE OR REPLACE FUNCTION ledger.arrive(
    ids uuid[], bucket text, keys text[], version_ids text[], sizes bigint[], etags text[], signal text DEFAULT NULL
) RETURNS TABLE (id uuid, version_id text, verdict text, stream bigint, seq bigint, lane text, attempts integer)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    taken uuid[];    -- the assets that take bytes now
    places bigint[]; -- and which of the rows given brought them: the first, if one came with two versions
BEGIN
    PERFORM FROM ledger.assets a WHERE a.id = ANY (ids) ORDER BY a.id FOR UPDATE;
    SELECT array_agg(f.id), array_agg(f.place) INTO taken, places FROM (
        SELECT DISTINCT ON (a.id) a.id, c.place FROM unnest(ids) WITH ORDINALITY AS c (id, place)
        JOIN ledger.assets a ON a.id = c.id WHERE a.state IN ('init', 'expired') ORDER BY a.id, c.place
    ) f;
    WITH pinned AS (
        INSERT INTO ledger.blobs (bucket, key, version_id, size, etag)
        SELECT arrive.bucket, keys[p], version_ids[p], sizes[p], etags[p] FROM unnest(places) p
        RETURNING blobs.id, blobs.key
    )
    UPDATE ledger.assets a SET blob = pinned.id
    FROM unnest(taken, places) AS f (id, place), pinned WHERE a.id = f.id AND pinned.key = keys[f.place];
    RETURN QUERY
    SELECT c.id, c.version_id,
        CASE WHEN a.id IS NULL THEN 'unknown'
             WHEN c.place = ANY (places) THEN 'moved'
             WHEN b.version_id = c.version_id AND a.state NOT IN ('deleting', 'deleted')
                 -- Others have got these bytes, whatever became of the asset that they came for.
                 OR EXISTS (SELECT FROM ledger.needed(arrive.bucket, ARRAY[c.key]) n WHERE n.version_id = c.version_id)
                 THEN 'known'
             ELSE 'foreign' END,
        t.stream, t.seq, a.lane, a.attempts
    FROM unnest(ids, version_ids, keys) WITH ORDINALITY AS c (id, version_id, key, place)
    LEFT JOIN ledger.assets a ON a.id = c.id
    LEFT JOIN ledger.blobs b ON b.id = a.blob
    LEFT JOIN ledger.transition(
        taken, '{init,expired}', 'uploaded',
        CASE WHEN signal IS NOT NULL THEN (SELECT array_agg(jsonb_build_object('signal', signal)) FROM unnest(taken)) END
    ) t ON t.id = c.id AND c.place = ANY (places)
    ORDER BY c.place;
END $$;
