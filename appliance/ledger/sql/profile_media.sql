-- Media of profiles: what is uploaded for one, and what becomes of it.

-- Whether an edition has an asset: one that is seen, that is on its way, or that may be sent in again for a while.
CREATE OR REPLACE FUNCTION ledger.in_edition(of_asset uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM profile_media m JOIN profile_editions e ON e.id = m.edition
        WHERE m.asset = of_asset AND e.dropped_at IS NULL);
$$;

-- Bytes of what a user has uploaded for a profile and of what the editions have: come, or announced; what is neither counts
-- once it has come. Without the upload of one role, which makes room for the next.
CREATE OR REPLACE FUNCTION ledger.profile_bytes(who text, but_for text) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(coalesce(b.size, a.announced_size, 0)), 0)::bigint FROM (
        SELECT u.asset FROM profile_uploads u WHERE u.user_id = who AND u.role <> but_for
        UNION SELECT m.asset FROM profiles p JOIN profile_editions e ON e.profile = p.id AND e.dropped_at IS NULL
            JOIN profile_media m ON m.edition = e.id WHERE p.user_id = who
    ) held JOIN ledger.assets a ON a.id = held.asset AND a.state NOT IN ('deleting', 'deleted')
    LEFT JOIN ledger.blobs b ON b.id = a.blob;
$$;

-- Opens a slot for an upload of one role, in place of the one before, which goes unless an edition has it. Rows as those of
-- open_slot; the asset that goes has one more, without `expires_at`. Of `most_uploads` within an hour it is `uploads` that is
-- over, and `most` says for how many seconds. `coming`: the most that may come by this slot.
CREATE OR REPLACE FUNCTION ledger.open_profile_upload(
    who text, of_role text, most_uploads integer, most_bytes bigint, coming bigint,
    folder text, kind text, lane text, recipe text, filename text, form_seconds integer,
    uploader text, address text, limits jsonb, size bigint, sha256 text, part_size bigint
) RETURNS TABLE (id uuid, stream bigint, seq bigint, expires_at timestamptz, scope text, what text, most bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_variable
DECLARE
    counted profile_upload_counts;
    before uuid;
    slot record;
BEGIN
    -- First, since nobody who waits for anything else has it.
    INSERT INTO profile_upload_counts AS c (user_id) VALUES (who) ON CONFLICT (user_id) DO UPDATE SET
        since = CASE WHEN c.since > now() - interval '1 hour' THEN c.since ELSE now() END,
        uploads = CASE WHEN c.since > now() - interval '1 hour' THEN least(c.uploads, 1000000) + 1 ELSE 1 END
    RETURNING c.* INTO counted;
    IF counted.uploads > most_uploads THEN
        RETURN QUERY SELECT NULL::uuid, NULL::bigint, NULL::bigint, NULL::timestamptz, 'user', 'uploads',
            ceil(extract(epoch FROM counted.since + interval '1 hour' - now()))::bigint;
        RETURN;
    END IF;
    -- The new asset's id is the higher, so the order is kept. An edition that takes it now has locked it.
    SELECT u.asset INTO before FROM profile_uploads u WHERE u.user_id = who AND u.role = of_role;
    PERFORM FROM ledger.assets a WHERE a.id = before FOR UPDATE;
    IF ledger.profile_bytes(who, of_role) + coming > most_bytes THEN
        RETURN QUERY SELECT NULL::uuid, NULL::bigint, NULL::bigint, NULL::timestamptz, 'user', 'bytes', most_bytes;
        RETURN;
    END IF;
    SELECT * INTO slot FROM ledger.open_slot(
        'users', who, folder, kind, lane, recipe, filename, form_seconds, uploader, address, limits, size, sha256, part_size);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT slot.id, slot.stream, slot.seq, slot.expires_at, slot.scope, slot.what, slot.most;
    IF slot.id IS NULL THEN
        RETURN;
    END IF;
    INSERT INTO profile_uploads AS u (user_id, role, asset) VALUES (who, of_role, slot.id)
    ON CONFLICT (user_id, role) DO UPDATE SET asset = excluded.asset, since = now();
    RETURN QUERY SELECT r.id, r.stream, r.seq, NULL::timestamptz, NULL::text, NULL::text, NULL::bigint
        FROM ledger.remove(ARRAY(SELECT before WHERE before IS NOT NULL AND NOT ledger.in_edition(before))) r;
END $$;

-- Takes back what a user has uploaded; the asset goes unless an edition has it. `found`: there was such an upload.
CREATE OR REPLACE FUNCTION ledger.drop_profile_upload(who text, of_asset uuid)
RETURNS TABLE (found boolean, id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM ledger.assets a WHERE a.id = of_asset FOR UPDATE;
    DELETE FROM profile_uploads u WHERE u.user_id = who AND u.asset = of_asset;
    IF FOUND THEN
        RETURN QUERY SELECT true, NULL::uuid, NULL::bigint, NULL::bigint;
        RETURN QUERY SELECT true, r.id, r.stream, r.seq
            FROM ledger.remove(ARRAY(SELECT of_asset WHERE NOT ledger.in_edition(of_asset))) r;
    END IF;
END $$;

-- Removes what was uploaded so long ago that nobody means to send it in any more; and forgets counts that count no more. An
-- array: as in look_up.
CREATE OR REPLACE FUNCTION ledger.drop_profile_uploads(seconds double precision, most integer)
RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    old uuid[] := ARRAY(
        SELECT u.asset FROM profile_uploads u WHERE u.since < now() - make_interval(secs => seconds) ORDER BY u.since LIMIT most);
BEGIN
    PERFORM FROM ledger.assets a WHERE a.id = ANY (old) ORDER BY a.id FOR UPDATE;
    -- What an edition has taken until it was locked is no more in the list.
    DELETE FROM profile_uploads u WHERE u.asset = ANY (old);
    RETURN QUERY SELECT r.id, r.stream, r.seq
        FROM ledger.remove(ARRAY(SELECT o FROM unnest(old) o WHERE NOT ledger.in_edition(o))) r;
    DELETE FROM profile_upload_counts c WHERE c.user_id = ANY (ARRAY(
        SELECT i.user_id FROM profile_upload_counts i WHERE i.since < now() - interval '1 hour'
        ORDER BY i.since LIMIT most FOR UPDATE SKIP LOCKED));
END $$;

-- Removes the media of editions that nobody is to see any more, but for what another edition or an upload has.
CREATE OR REPLACE FUNCTION ledger.drop_profile_media(editions uuid[])
RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    files uuid[] := ARRAY(SELECT DISTINCT m.asset FROM profile_media m WHERE m.edition = ANY (editions) ORDER BY 1);
    ended uuid[];
BEGIN
    PERFORM FROM ledger.assets a WHERE a.id = ANY (files) ORDER BY a.id FOR UPDATE;
    WITH dropped AS (
        UPDATE profile_editions e SET dropped_at = now()
        WHERE e.id = ANY (editions) AND e.state IN ('expired', 'rejected') AND e.dropped_at IS NULL RETURNING e.id
    )
    SELECT array_agg(dropped.id) INTO ended FROM dropped;
    RETURN QUERY SELECT r.id, r.stream, r.seq FROM ledger.remove(ARRAY(
        SELECT DISTINCT m.asset FROM profile_media m WHERE m.edition = ANY (ended) AND NOT ledger.in_edition(m.asset)
            AND NOT EXISTS (SELECT FROM profile_uploads u WHERE u.asset = m.asset)
    )) r;
END $$;

-- Sends drafts to be made in full. What is no draft, or not done, is left alone; so asking twice is asking once. Until the
-- worker has finished, what was made of the draft can be had.
CREATE OR REPLACE FUNCTION ledger.develop(ids uuid[]) RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    drafts uuid[];
BEGIN
    SELECT array_agg(d.id) INTO drafts FROM (
        SELECT a.id FROM ledger.assets a WHERE a.id = ANY (ids) AND a.recipe = 'draft' AND a.state = 'done'
        ORDER BY a.id FOR UPDATE
    ) d;
    UPDATE ledger.assets a SET recipe = 'file' WHERE a.id = ANY (drafts);
    RETURN QUERY SELECT * FROM ledger.transition(drafts, '{done}', 'uploaded');
END $$;
