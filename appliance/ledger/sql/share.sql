-- Bytes that several assets share.

-- A new asset whose owner has the announced file already gets its bytes: those of an asset of the same owner that is done, so
-- that a worker of ours has read them and found this SHA-256. What somebody else has is not looked at. No row: there is none.
-- The other asset is locked first, and its id is the lower: so it can't be deleted meanwhile, and the order is kept.
CREATE OR REPLACE FUNCTION ledger.adopt(asset uuid) RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    known bigint;
BEGIN
    SELECT b.id INTO known FROM ledger.assets n
    JOIN ledger.blobs b ON b.sha256 = n.announced_sha256 AND b.size = n.announced_size
    JOIN ledger.assets o ON o.blob = b.id AND o.stream = n.stream AND o.state = 'done'
        -- In a chat only what one may see there: one's own, and what was said.
        AND (n.root <> 'chats' OR o.uploader = n.uploader OR EXISTS (SELECT FROM chat_attachments t WHERE t.asset = o.id))
    WHERE n.id = adopt.asset AND n.state = 'init' ORDER BY o.id LIMIT 1 FOR SHARE OF o;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    UPDATE ledger.assets a SET blob = known, expires_at = now() WHERE a.id = adopt.asset AND a.state = 'init';
    RETURN QUERY SELECT * FROM ledger.transition(
        ARRAY[adopt.asset], '{init}', 'uploaded', ARRAY[jsonb_build_object('signal', 'known')]);
    DELETE FROM ledger.uploads u WHERE u.asset = adopt.asset;
END $$;

-- Of object versions under these keys, those that assets in view still need.
CREATE OR REPLACE FUNCTION ledger.needed(of_bucket text, keys text[])
RETURNS TABLE (key text, version_id text) LANGUAGE sql STABLE AS $$
    SELECT b.key, b.version_id FROM ledger.blobs b WHERE b.bucket = of_bucket AND b.key = ANY (keys)
        AND EXISTS (SELECT FROM ledger.assets a WHERE a.blob = b.id AND a.state NOT IN ('deleting', 'deleted'));
$$;

-- The bytes of these assets that no asset in view needs any more. From assets out of view nobody gets bytes: so it stays so.
CREATE OR REPLACE FUNCTION ledger.unneeded(assets uuid[])
RETURNS TABLE (id uuid, key text, version_id text) LANGUAGE sql STABLE AS $$
    SELECT a.id, b.key, b.version_id FROM ledger.assets a JOIN ledger.blobs b ON b.id = a.blob
    WHERE a.id = ANY (assets)
        AND NOT EXISTS (SELECT FROM ledger.assets o WHERE o.blob = b.id AND o.state NOT IN ('deleting', 'deleted'));
$$;

-- Those that share bytes with these assets, and these.
CREATE OR REPLACE FUNCTION ledger.sharing(assets uuid[]) RETURNS TABLE (id uuid) LANGUAGE sql STABLE AS $$
    SELECT o.id FROM ledger.assets a JOIN ledger.assets o ON o.blob = a.blob WHERE a.id = ANY (assets)
    UNION SELECT unnest(assets);
$$;
