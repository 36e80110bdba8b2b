-- Writes the row of an upload that is about to be allowed; the link is made from it afterwards.
-- Gives no row when the owner is unknown or being deleted.
CREATE OR REPLACE FUNCTION ledger.open_slot(
    root text, owner text, folder text, kind text, lane text, recipe text, filename text, form_seconds integer
) RETURNS TABLE (id uuid, stream bigint, seq bigint, expires_at timestamptz) LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    home bigint;
    slot ledger.assets;
BEGIN
    -- Locked, so that an owner being deleted at this moment is seen as such. Nobody waits for the new asset, so this
    -- lock may come before it.
    SELECT s.id INTO home FROM ledger.streams s WHERE s.root = root AND s.owner = owner AND NOT s.closed FOR NO KEY UPDATE;
    IF home IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO ledger.assets AS a (stream, root, owner, folder, kind, lane, recipe, filename, expires_at, check_at)
    VALUES (home, root, owner, folder, kind, lane, recipe, filename,
            now() + make_interval(secs => form_seconds), now() + interval '5 seconds')
    RETURNING a.* INTO slot;
    RETURN QUERY SELECT e.id, e.stream, e.seq, slot.expires_at FROM ledger.append(ARRAY[slot.id], 'state', 'init') e;
END $$;
