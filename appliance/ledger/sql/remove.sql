-- Takes assets out of view. Their bytes are removed afterwards, by whoever finds them `deleting`. Every asset that leaves view
-- does so here: what a chat under a legal hold has said is left alone.
CREATE OR REPLACE FUNCTION ledger.remove(ids uuid[]) RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    IF EXISTS (SELECT FROM ledger.assets a WHERE a.id = ANY (ids) AND a.root = 'chats') THEN
        PERFORM FROM ledger.assets a WHERE a.id = ANY (ids) ORDER BY a.id FOR UPDATE;
        ids := ledger.not_held(ids);
    END IF;
    RETURN QUERY SELECT * FROM ledger.transition(ids, '{init,expired,uploaded,processing,done,error}', 'deleting');
END $$;

-- The bytes of an asset are gone: it becomes a tombstone, and its versions and (with the last reference) its blob go too.
CREATE OR REPLACE FUNCTION ledger.bury(asset uuid) RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    held bigint;
BEGIN
    RETURN QUERY SELECT * FROM ledger.transition(ARRAY[asset], '{deleting}', 'deleted');
    IF NOT FOUND THEN
        RETURN;
    END IF;
    DELETE FROM ledger.versions v WHERE v.asset = bury.asset;
    DELETE FROM ledger.orders o WHERE o.asset = bury.asset;
    SELECT a.blob INTO held FROM ledger.assets a WHERE a.id = bury.asset;
    UPDATE ledger.assets a SET blob = NULL, facts = NULL, filename = '', uploader = NULL, address = NULL
        WHERE a.id = bury.asset;
    DELETE FROM ledger.blobs b WHERE b.id = held AND NOT EXISTS (SELECT FROM ledger.assets a WHERE a.blob = held);
END $$;
