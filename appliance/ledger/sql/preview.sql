-- Versions that are there before the others: they can be had from now on, and their event says so. Taken only with the
-- lease; gives no row when that was lost. versions: as `finish` takes them, which writes all of them anew.
CREATE OR REPLACE FUNCTION ledger.preview(
    asset uuid, held uuid, source_sha256 text, versions jsonb, recipe_hash text
) RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM ledger.assets a WHERE a.id = asset AND a.lease = held AND a.state = 'processing' FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM ledger.keep_versions(asset, source_sha256, versions, recipe_hash);
    RETURN QUERY SELECT * FROM ledger.append(
        ARRAY[asset], 'preview', 'processing', ARRAY[jsonb_build_object('versions', versions) || ledger.draft_fact(asset)]);
END $$;

-- Versions of an asset that its caller holds, whatever was known under their names before.
CREATE OR REPLACE FUNCTION ledger.keep_versions(asset uuid, source_sha256 text, versions jsonb, recipe_hash text)
RETURNS void LANGUAGE sql AS $$
    INSERT INTO ledger.versions AS kept (
        asset, name, width, height, bytes, content_type, extension, sha256, source_sha256, recipe_hash)
    SELECT keep_versions.asset, v.name, v.width, v.height, v.bytes, v.content_type, v.extension, v.sha256,
        keep_versions.source_sha256, keep_versions.recipe_hash
    FROM jsonb_to_recordset(keep_versions.versions) AS v (
        name text, width integer, height integer, bytes bigint, content_type text, extension text, sha256 text)
    ON CONFLICT (asset, name) DO UPDATE SET
        width = excluded.width, height = excluded.height, bytes = excluded.bytes, content_type = excluded.content_type,
        extension = excluded.extension, sha256 = excluded.sha256, source_sha256 = excluded.source_sha256,
        recipe_hash = excluded.recipe_hash;
$$;

-- By its content this file is for another lane: its lease is given back, and the try is not used up.
CREATE OR REPLACE FUNCTION ledger.reroute(asset uuid, held uuid, lane text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ledger.assets a SET lane = reroute.lane WHERE a.id = asset AND a.lease = held AND a.state = 'processing';
    PERFORM ledger.give_back(asset, held, 0, 'rerouted');
END $$;
