-- Writes the row of an upload that is about to be allowed; the link is made from it afterwards.
-- Gives no row when the owner is unknown or being deleted, and one without an id when a limit is reached: which, and whose.
-- `limits`: as charge_slot takes them. `size` and `sha256`: what the client says the file has; `part_size`: it is sent in parts.
CREATE OR REPLACE FUNCTION ledger.open_slot(
    root text, owner text, folder text, kind text, lane text, recipe text, filename text, form_seconds integer,
    uploader text DEFAULT NULL, address text DEFAULT NULL, limits jsonb DEFAULT '{}',
    size bigint DEFAULT NULL, sha256 text DEFAULT NULL, part_size bigint DEFAULT NULL
) RETURNS TABLE (id uuid, stream bigint, seq bigint, expires_at timestamptz, scope text, what text, most bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    home bigint;
    reached record;
    slot ledger.assets;
BEGIN
    -- Before anything is counted for an owner that there is not.
    IF NOT EXISTS (SELECT FROM ledger.streams s WHERE s.root = root AND s.owner = owner AND NOT s.closed) THEN
        RETURN;
    END IF;
    SELECT * INTO reached FROM ledger.charge_slot(root, owner, uploader, address, 1, limits, size);
    IF FOUND THEN
        -- Not an error, which would leave a line in the database's log for every attempt.
        PERFORM FROM ledger.charge_slot(root, owner, uploader, address, -1, '{}');
        RETURN QUERY SELECT NULL::uuid, NULL::bigint, NULL::bigint, NULL::timestamptz, reached.scope, reached.what, reached.most;
        RETURN;
    END IF;
    -- Locked, so that an owner being deleted at this moment is seen as such. Nobody waits for the new asset, so this
    -- lock may come before it.
    SELECT s.id INTO home FROM ledger.streams s WHERE s.root = root AND s.owner = owner AND NOT s.closed FOR NO KEY UPDATE;
    IF home IS NULL THEN
        PERFORM FROM ledger.charge_slot(root, owner, uploader, address, -1, '{}');
        RETURN;
    END IF;
    INSERT INTO ledger.assets AS a (
        stream, root, owner, folder, kind, lane, recipe, filename, uploader, address, announced_size, announced_sha256, expires_at,
        check_at)
    VALUES (home, root, owner, folder, kind, lane, recipe, filename, uploader, address, size, sha256,
            now() + make_interval(secs => form_seconds), now() + interval '5 seconds')
    RETURNING a.* INTO slot;
    IF root = 'chats' THEN
        INSERT INTO chat_unclaimed (asset) VALUES (slot.id);
    END IF;
    IF part_size IS NOT NULL THEN
        INSERT INTO ledger.uploads (asset, part_size) VALUES (slot.id, part_size);
    END IF;
    RETURN QUERY SELECT e.id, e.stream, e.seq, slot.expires_at, NULL::text, NULL::text, NULL::bigint
        FROM ledger.append(ARRAY[slot.id], 'state', 'init') e;
END $$;
