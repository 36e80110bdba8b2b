-- The result of a job, taken only with the lease it was done under. Gives no row when the lease was lost:
-- the objects that were written are then unexplained, and are swept after a grace time.
-- versions: [{name, width, height, bytes, content_type, extension, sha256}].
CREATE OR REPLACE FUNCTION ledger.finish(
    asset uuid, held uuid, source_sha256 text, source_facts jsonb, versions jsonb, recipe_hash text
) RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT * FROM ledger.transition(
        ARRAY[asset], '{processing}', 'done',
        ARRAY[jsonb_build_object('versions', versions, 'source', source_facts) || ledger.draft_fact(asset)], held);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE ledger.assets a SET facts = source_facts - 'kind', kind = coalesce(source_facts ->> 'kind', a.kind)
        WHERE a.id = asset;
    UPDATE ledger.blobs b SET sha256 = source_sha256 FROM ledger.assets a
        WHERE a.id = asset AND b.id = a.blob AND b.sha256 IS DISTINCT FROM source_sha256;
    -- Also what was made because somebody asked for it: who asks again has it made anew.
    DELETE FROM ledger.versions v WHERE v.asset = finish.asset;
    PERFORM ledger.keep_versions(asset, source_sha256, versions, recipe_hash);
END $$;

-- What events say of versions of a draft, in whose place there are others once it was made in full.
CREATE OR REPLACE FUNCTION ledger.draft_fact(asset uuid) RETURNS jsonb LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN EXISTS (SELECT FROM ledger.assets a WHERE a.id = draft_fact.asset AND a.recipe = 'draft')
        THEN '{"draft": true}' ELSE '{}' END::jsonb;
$$;

-- The other end of a job, with the same lease. What is known of the original stays as it is.
CREATE OR REPLACE FUNCTION ledger.fail(asset uuid, held uuid, note jsonb, source_sha256 text)
RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT * FROM ledger.transition(ARRAY[asset], '{processing}', 'error', ARRAY[note], held);
    IF FOUND AND source_sha256 IS NOT NULL THEN
        UPDATE ledger.blobs b SET sha256 = source_sha256 FROM ledger.assets a
            WHERE a.id = asset AND b.id = a.blob AND b.sha256 IS NULL;
    END IF;
END $$;
