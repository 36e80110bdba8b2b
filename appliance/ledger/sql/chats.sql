-- What happens in a chat: each in one statement, with the event that tells the room.

-- Appends an event that is of no asset to an owner's stream.
CREATE OR REPLACE FUNCTION ledger.tell(of_root text, of_owner text, event_type text, event_facts jsonb)
RETURNS TABLE (stream bigint, seq bigint) LANGUAGE sql AS $$
    WITH counter AS (
        UPDATE ledger.streams s SET seq = s.seq + 1 WHERE s.root = of_root AND s.owner = of_owner AND NOT s.closed
        RETURNING s.id, s.seq
    )
    INSERT INTO ledger.events AS e (stream, seq, type, facts) SELECT c.id, c.seq, event_type, event_facts FROM counter c
    RETURNING e.stream, e.seq;
$$;

-- Lets a user in. No row where that one is in already, or the chat is not there. What was said before counts as read.
CREATE OR REPLACE FUNCTION ledger.join_chat(of_chat text, who text) RETURNS TABLE (stream bigint, seq bigint) LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chat_members (chat, user_id)
    SELECT c.id, who FROM chats c WHERE c.id = of_chat AND c.deleted_at IS NULL ON CONFLICT DO NOTHING;
    IF FOUND THEN
        RETURN QUERY
        WITH told AS (SELECT * FROM ledger.tell('chats', of_chat, 'member_joined', jsonb_build_object('user_id', who))), mark AS (
            UPDATE chat_members m SET read_seq = told.seq FROM told WHERE m.chat = of_chat AND m.user_id = who
        )
        SELECT told.stream, told.seq FROM told;
    END IF;
END $$;

-- The same the other way.
CREATE OR REPLACE FUNCTION ledger.leave_chat(of_chat text, who text) RETURNS TABLE (stream bigint, seq bigint) LANGUAGE plpgsql AS $$
BEGIN
    -- Before the member, since who takes people out of many chats holds the streams of some already.
    PERFORM FROM ledger.streams s WHERE s.root = 'chats' AND s.owner = of_chat FOR NO KEY UPDATE;
    DELETE FROM chat_members m WHERE m.chat = of_chat AND m.user_id = who;
    IF FOUND THEN
        RETURN QUERY SELECT * FROM ledger.tell('chats', of_chat, 'member_left', jsonb_build_object('user_id', who));
    END IF;
END $$;

-- Takes users who are deleted out of the chats they are in, from so many at most; what they said stays theirs. Streams in the
-- order of their ids, as everywhere.
CREATE OR REPLACE FUNCTION ledger.leave_deleted(most integer) RETURNS TABLE (stream bigint, seq bigint) LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT m.chat, m.user_id FROM users u CROSS JOIN LATERAL (
            SELECT b.chat, b.user_id FROM chat_members b WHERE b.user_id = u.id LIMIT most  -- so that only the index will do
        ) m JOIN ledger.streams s ON s.root = 'chats' AND s.owner = m.chat
        WHERE u.deleted_at IS NOT NULL ORDER BY s.id LIMIT most
    LOOP
        RETURN QUERY SELECT * FROM ledger.leave_chat(one.chat, one.user_id);
    END LOOP;
END $$;

-- Saves a message with its files in their order. `by`: NULL for the server itself. Verdicts: `new`; `again`, where this client
-- has said it before: the first is meant; `no_member`; `no_file`, where one of the files is not there, is not this author's,
-- or is attached already.
CREATE OR REPLACE FUNCTION ledger.post_message(of_chat text, by text, said text, files uuid[], as_client text)
RETURNS TABLE (verdict text, id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    made uuid;
BEGIN
    -- Assets first, in the order of their ids, as everywhere.
    PERFORM FROM ledger.assets a WHERE a.id = ANY (files) ORDER BY a.id FOR NO KEY UPDATE;
    PERFORM FROM chats c WHERE c.id = of_chat AND c.deleted_at IS NULL FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'no_member', NULL::uuid, NULL::bigint, NULL::bigint;
        RETURN;
    END IF;
    INSERT INTO chat_messages AS m (chat, author, text, client_id) VALUES (of_chat, by, said, as_client)
    ON CONFLICT DO NOTHING RETURNING m.id INTO made;
    IF made IS NULL THEN
        RETURN QUERY SELECT 'again', m.id, NULL::bigint, NULL::bigint FROM chat_messages m
            WHERE m.chat = of_chat AND m.author IS NOT DISTINCT FROM by AND m.client_id = as_client;
        RETURN;
    END IF;
    IF by IS NOT NULL AND NOT EXISTS (SELECT FROM chat_members b WHERE b.chat = of_chat AND b.user_id = by) THEN
        DELETE FROM chat_messages m WHERE m.id = made;
        RETURN QUERY SELECT 'no_member', NULL::uuid, NULL::bigint, NULL::bigint;
        RETURN;
    END IF;
    INSERT INTO chat_attachments (message, place, asset)
    SELECT made, f.place, a.id FROM unnest(files) WITH ORDINALITY AS f (id, place) JOIN ledger.assets a ON a.id = f.id
    WHERE a.root = 'chats' AND a.owner = of_chat AND (by IS NULL OR a.uploader = by)
        AND a.state NOT IN ('expired', 'deleting', 'deleted')
    ON CONFLICT DO NOTHING;
    IF (SELECT count(*) FROM chat_attachments t WHERE t.message = made) < cardinality(files) THEN
        DELETE FROM chat_messages m WHERE m.id = made;
        RETURN QUERY SELECT 'no_file', NULL::uuid, NULL::bigint, NULL::bigint;
        RETURN;
    END IF;
    DELETE FROM chat_unclaimed u WHERE u.asset = ANY (files);
    PERFORM ledger.watch_unread(of_chat, s.seq) FROM chats c JOIN ledger.streams s ON s.root = 'chats' AND s.owner = c.id
        WHERE c.id = of_chat AND c.project IS NOT NULL AND c.unread_since IS NULL;
    RETURN QUERY
    WITH told AS (SELECT * FROM ledger.tell('chats', of_chat, 'message', jsonb_build_object('message_id', made))), numbered AS (
        UPDATE chat_messages m SET seq = told.seq FROM told WHERE m.id = made
    )
    SELECT 'new', made, told.stream, told.seq FROM told;
END $$;

-- Takes a message out of view, with its files; those of `by` alone, NULL: of anybody; with `outdated` only what is past the
-- chat's retention. No row where there is none, or the chat is under a legal hold. What is left is a row without its text.
CREATE OR REPLACE FUNCTION ledger.unsay(of_chat text, said uuid, by text, outdated boolean DEFAULT false)
RETURNS TABLE (stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    attached uuid[] := ARRAY(SELECT t.asset FROM chat_attachments t WHERE t.message = said ORDER BY t.asset);
BEGIN
    PERFORM FROM ledger.assets a WHERE a.id = ANY (attached) ORDER BY a.id FOR NO KEY UPDATE;
    PERFORM FROM chats c WHERE c.id = of_chat FOR SHARE;  -- until the commit: see not_held
    UPDATE chat_messages m SET deleted_at = now(), text = '' FROM chats c
    WHERE m.id = said AND m.chat = of_chat AND m.deleted_at IS NULL AND (by IS NULL OR m.author = by)
        AND c.id = m.chat AND c.held_at IS NULL
        AND (NOT outdated OR m.created_at < now() - make_interval(days => c.retention_days));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM ledger.unpublish(ARRAY[said]);
    RETURN QUERY SELECT r.stream, r.seq FROM ledger.remove(attached) r;
    RETURN QUERY SELECT * FROM ledger.tell('chats', of_chat, 'message_deleted', jsonb_build_object('message_id', said)
        || CASE WHEN outdated THEN '{"reason": "retention"}' ELSE '{}' END::jsonb);
END $$;

-- Removes a file that was sent for a chat, unless a message has it.
CREATE OR REPLACE FUNCTION ledger.drop_unless_claimed(file uuid)
RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
BEGIN
    -- Who claims it has locked it.
    PERFORM FROM ledger.assets a WHERE a.id = file FOR NO KEY UPDATE;
    DELETE FROM chat_unclaimed u WHERE u.asset = file;
    RETURN QUERY SELECT r.id, r.stream, r.seq FROM ledger.remove(ARRAY(
        SELECT file WHERE NOT EXISTS (SELECT FROM chat_attachments t WHERE t.asset = file)
    )) r;
END $$;

-- Brings a file into a chat as an asset of its own that shares the bytes, and says it. What may be done with the one it comes
-- from is not asked here. Verdicts as of post_message; without one: the limit that it would be over.
CREATE OR REPLACE FUNCTION ledger.forward(of_chat text, by text, file uuid, as_client text, from_address text, limits jsonb)
RETURNS TABLE (verdict text, id uuid, stream bigint, seq bigint, scope text, what text, most bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    source record;
    slot record;
BEGIN
    -- What was sent before needs no room any more, nor its source.
    RETURN QUERY SELECT 'again', m.id, NULL::bigint, NULL::bigint, NULL, NULL, NULL::bigint FROM chat_messages m
        WHERE m.chat = of_chat AND m.author IS NOT DISTINCT FROM by AND m.client_id = as_client;
    IF FOUND THEN
        RETURN;
    END IF;
    -- It can't be deleted meanwhile. Its id is the lower, so the order is kept.
    SELECT a.*, b.size INTO source FROM ledger.assets a JOIN ledger.blobs b ON b.id = a.blob
    WHERE a.id = file AND a.state IN ('uploaded', 'processing', 'done') FOR SHARE OF a;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'no_file', NULL::uuid, NULL::bigint, NULL::bigint, NULL, NULL, NULL::bigint;
        RETURN;
    END IF;
    PERFORM FROM chats c WHERE c.id = of_chat AND c.deleted_at IS NULL FOR NO KEY UPDATE;
    SELECT * INTO slot FROM ledger.open_slot(
        'chats', of_chat, source.folder, source.kind, source.lane, source.recipe, source.filename, 0, by, from_address, limits,
        source.size);
    IF slot.id IS NULL THEN
        RETURN QUERY SELECT CASE WHEN slot.scope IS NULL THEN 'no_member' END, NULL::uuid, NULL::bigint, NULL::bigint,
            slot.scope, slot.what, slot.most;
        RETURN;
    END IF;
    UPDATE ledger.assets a SET blob = source.blob WHERE a.id = slot.id;
    PERFORM ledger.transition(ARRAY[slot.id], '{init}', 'uploaded', ARRAY[jsonb_build_object('signal', 'forwarded')]);
    RETURN QUERY SELECT p.verdict, p.id, p.stream, p.seq, NULL, NULL, NULL::bigint
        FROM ledger.post_message(of_chat, by, '', ARRAY[slot.id], as_client) p;
    PERFORM ledger.drop_unless_claimed(slot.id);
END $$;

-- Frees the name under which a file was published, once that is deleted: it may be published again.
CREATE OR REPLACE FUNCTION ledger.unpublish(messages uuid[]) RETURNS void LANGUAGE sql AS $$
    UPDATE chat_messages m SET client_id = NULL WHERE m.id = ANY (messages) AND m.client_id LIKE 'file:%';
$$;

-- Removes a file of a message, of which the rest stays. No row where it is gone already, or the chat is under a legal hold.
CREATE OR REPLACE FUNCTION ledger.detach(file uuid) RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY SELECT r.id, r.stream, r.seq FROM ledger.remove(ARRAY[file]) r;
    PERFORM ledger.unpublish(ARRAY(SELECT t.message FROM chat_attachments t WHERE t.asset = file AND NOT EXISTS (
        SELECT FROM ledger.assets a WHERE a.id = file AND a.state NOT IN ('deleting', 'deleted'))));
END $$;

-- Removes what was sent for a chat so long ago that nobody means to say it any more, and that can't be sent any more either.
CREATE OR REPLACE FUNCTION ledger.drop_unclaimed(seconds double precision, most integer)
RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    found uuid[];
BEGIN
    SELECT array_agg(w.asset) INTO found FROM (
        SELECT u.asset FROM chat_unclaimed u LEFT JOIN ledger.assets a ON a.id = u.asset
        WHERE u.since < now() - make_interval(secs => seconds) AND coalesce(a.expires_at, now()) <= now()
        ORDER BY u.since LIMIT most
    ) w;
    PERFORM FROM ledger.assets a WHERE a.id = ANY (found) ORDER BY a.id FOR NO KEY UPDATE;
    -- What was claimed until it was locked is no more in the list.
    DELETE FROM chat_unclaimed u WHERE u.asset = ANY (found);
    RETURN QUERY SELECT r.id, r.stream, r.seq FROM ledger.remove(ARRAY(
        SELECT f FROM unnest(found) f WHERE NOT EXISTS (SELECT FROM chat_attachments t WHERE t.asset = f)
    )) r;
END $$;
