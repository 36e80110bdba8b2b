-- Uploads in parts that came to an end, one way or another: what is left of their parts is to be removed. The next look is
-- set before this one is made, as in look_up; where storage refuses, less and less often.
CREATE OR REPLACE FUNCTION ledger.ended_uploads(most integer)
RETURNS TABLE (id uuid, root text, owner text, folder text) LANGUAGE sql AS $$
    WITH ended AS (
        SELECT u.asset FROM ledger.uploads u JOIN ledger.assets a ON a.id = u.asset
        WHERE a.state <> 'init' AND u.check_at <= now() ORDER BY u.check_at LIMIT most FOR UPDATE OF u SKIP LOCKED
    )
    UPDATE ledger.uploads u
    SET check_at = now() + greatest(interval '10 seconds', least(now() - a.changed_at, interval '1 hour'))
    FROM ledger.assets a
    WHERE u.asset = ANY (ARRAY(TABLE ended)) AND a.id = u.asset
    RETURNING a.id, a.root, a.owner, a.folder;
$$;

-- Nothing is left of its parts, and nothing can be sent any more, but by a form that it may have had as well: of those none
-- is good for longer than two hours.
CREATE OR REPLACE FUNCTION ledger.forget_upload(of_asset uuid) RETURNS void LANGUAGE sql AS $$
    UPDATE ledger.assets a
    SET expires_at = least(a.expires_at, CASE WHEN u.part_size IS NULL THEN a.created_at + interval '2 hours' ELSE now() END)
    FROM ledger.uploads u WHERE a.id = of_asset AND u.asset = a.id AND a.state <> 'init';
    DELETE FROM ledger.uploads u USING ledger.assets a WHERE u.asset = of_asset AND a.id = u.asset AND a.state <> 'init';
$$;

-- Storage calls the upload of an asset `begun` now, in place of `before`; no row where somebody was faster, or it takes no
-- parts any more.
CREATE OR REPLACE FUNCTION ledger.begin_upload(of_asset uuid, begun text, before text)
RETURNS TABLE (asset uuid) LANGUAGE sql AS $$
    UPDATE ledger.uploads u SET upload_id = begun FROM ledger.assets a
    WHERE u.asset = of_asset AND u.upload_id IS NOT DISTINCT FROM before AND a.id = u.asset AND a.state = 'init'
    RETURNING u.asset;
$$;

-- The server itself is about to write an asset's bytes: from now on there may be parts of it. No row where it takes none.
CREATE OR REPLACE FUNCTION ledger.begin_content(of_asset uuid) RETURNS TABLE (asset uuid) LANGUAGE sql AS $$
    WITH open AS (SELECT a.id FROM ledger.assets a WHERE a.id = of_asset AND a.state = 'init' FOR KEY SHARE),
    marked AS (INSERT INTO ledger.uploads (asset) SELECT open.id FROM open ON CONFLICT DO NOTHING)
    SELECT open.id FROM open;
$$;

-- What its client does not want any more ends as `error`. What has come stays where it is until the asset is deleted.
CREATE OR REPLACE FUNCTION ledger.cancel(of_asset uuid, note jsonb)
RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM ledger.assets a WHERE a.id = of_asset FOR UPDATE;
    -- Not what was said in a chat under a legal hold: bytes that come for what is cancelled are nobody's.
    RETURN QUERY SELECT * FROM ledger.transition(
        ledger.not_held(ARRAY[of_asset]), '{init,uploaded,processing}', 'error', ARRAY[note]);
END $$;

-- What came of an asset whose size nobody knew before: from now on it is held to that. Gives the limit that it would be over,
-- and then notes nothing; no row where it is within all. Its slot has been counted already.
CREATE OR REPLACE FUNCTION ledger.announce(asset uuid, limits jsonb, size bigint, sha256 text)
RETURNS TABLE (scope text, what text, most bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_variable
BEGIN
    RETURN QUERY SELECT c.* FROM ledger.assets a
        CROSS JOIN LATERAL ledger.charge_slot(a.root, a.owner, a.uploader, a.address, 0, limits, size) c WHERE a.id = asset;
    IF NOT FOUND THEN
        UPDATE ledger.assets a SET announced_size = size, announced_sha256 = sha256 WHERE a.id = asset AND a.state = 'init';
    END IF;
END $$;
