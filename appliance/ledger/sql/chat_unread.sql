-- Who has not read what was said, and the events that tell a chat's project of it.

-- How many messages of others one has not read, of the thousand with the next numbers above this; a hundred are counted at most.
CREATE OR REPLACE FUNCTION ledger.unread(of_chat text, who text, above bigint) RETURNS bigint LANGUAGE sql STABLE STRICT AS $$
    SELECT least(count(*), 100) FROM (
        SELECT m.author FROM chat_messages m
        WHERE m.chat BETWEEN of_chat AND of_chat AND m.seq > above AND m.deleted_at IS NULL
        ORDER BY m.chat, m.seq LIMIT 1000
    ) u WHERE u.author IS DISTINCT FROM who;
$$;

-- Has a chat looked at, in a while, for who is behind with what has a number above this. For one without a project nobody looks.
-- It locks the chat only where that is news; who says something has it locked.
CREATE OR REPLACE FUNCTION ledger.watch_unread(of_chat text, above bigint) RETURNS void LANGUAGE sql AS $$
    UPDATE chats c SET unread_since = least(c.unread_since, now()), unread_after = least(c.unread_after, above)
    WHERE c.id = of_chat AND c.project IS NOT NULL AND c.deleted_at IS NULL
        AND (c.unread_since IS NULL OR c.unread_after > above);
$$;

-- Notes how far a member has read: never back, nor beyond what there is.
CREATE OR REPLACE FUNCTION ledger.mark_read(of_chat text, who text, upto bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Who was told is told of nothing more until this; what was said meanwhile begins to wait now. The chat before the member.
    IF EXISTS (
        SELECT FROM chat_members m JOIN ledger.streams s ON s.root = 'chats' AND s.owner = m.chat
        WHERE m.chat = of_chat AND m.user_id = who AND m.read_seq < upto AND s.seq >= upto AND m.read_seq < m.pushed_seq
    ) THEN
        PERFORM ledger.watch_unread(of_chat, upto);
    END IF;
    UPDATE chat_members m SET read_seq = upto FROM ledger.streams s
    WHERE m.chat = of_chat AND m.user_id = who AND s.root = 'chats' AND s.owner = of_chat AND m.read_seq < upto AND s.seq >= upto;
END $$;

-- Tells the project of a chat of every member who has not read something of somebody else's for so long; of each once, until
-- that one has read, or there is nothing left of, what it was told of. With the event goes the note that it was told.
CREATE OR REPLACE FUNCTION ledger.tell_unread(of_chat text, seconds double precision)
RETURNS TABLE (stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    long_ago timestamptz := now() - make_interval(secs => seconds);
    due chats;
    -- Where somebody always says something, it is not looked at every second: half a minute is nothing to who waits a quarter of an hour.
    soonest timestamptz := long_ago + make_interval(secs => least(30, seconds / 30));
    here text[];       -- the members who can be looked at
    somebody_busy boolean;
    young record;      -- the first message that nobody has to have read yet
BEGIN
    -- Who says something meanwhile waits for this, and then has the chat looked at again.
    SELECT * INTO due FROM chats c WHERE c.id = of_chat AND c.unread_since <= long_ago FOR NO KEY UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- Who is reading, or leaving, at this moment is waited for neither here nor by those who wait for this.
    here := ARRAY(
        SELECT m.user_id FROM chat_members m WHERE m.chat = of_chat ORDER BY m.user_id FOR NO KEY UPDATE SKIP LOCKED);
    somebody_busy := EXISTS (SELECT FROM chat_members m WHERE m.chat = of_chat AND m.user_id <> ALL (here));
    SELECT m.seq, m.created_at INTO young FROM chat_messages m
    WHERE m.chat BETWEEN of_chat AND of_chat AND m.seq > due.unread_after AND m.deleted_at IS NULL AND m.created_at > long_ago
    ORDER BY m.chat, m.seq LIMIT 1;
    UPDATE chats c SET
        unread_since = CASE WHEN somebody_busy OR young.seq IS NOT NULL
            THEN greatest(coalesce(young.created_at, now()), soonest) END,
        unread_after = CASE WHEN somebody_busy THEN due.unread_after ELSE young.seq - 1 END
    WHERE c.id = of_chat;
    IF due.project IS NULL OR due.deleted_at IS NOT NULL THEN
        RETURN;
    END IF;
    -- Sub-selects with a LIMIT, so that each is one step in the index, for each member, whatever Postgres knows of the tables.
    RETURN QUERY
    WITH pushed AS (
        UPDATE chat_members m SET pushed_seq = (
            SELECT o.seq FROM chat_messages o
            WHERE o.chat BETWEEN of_chat AND of_chat AND o.seq > m.read_seq AND o.deleted_at IS NULL AND o.author IS DISTINCT FROM m.user_id
            ORDER BY o.chat DESC, o.seq DESC LIMIT 1
        )
        WHERE m.chat = of_chat AND m.user_id = ANY (here) AND long_ago >= (
            SELECT o.created_at FROM chat_messages o
            WHERE o.chat BETWEEN of_chat AND of_chat AND o.seq > greatest(m.read_seq, due.unread_after) AND o.deleted_at IS NULL
                AND o.author IS DISTINCT FROM m.user_id
            ORDER BY o.chat, o.seq LIMIT 1
        ) AND (
            SELECT o.seq FROM chat_messages o
            WHERE o.chat BETWEEN of_chat AND of_chat AND o.seq > m.read_seq AND o.seq <= m.pushed_seq AND o.deleted_at IS NULL
                AND o.author IS DISTINCT FROM m.user_id
            ORDER BY o.chat, o.seq LIMIT 1
        ) IS NULL
        RETURNING m.user_id, m.pushed_seq, ledger.unread(of_chat, m.user_id, m.read_seq) AS messages, (
            SELECT o.created_at FROM chat_messages o
            WHERE o.chat BETWEEN of_chat AND of_chat AND o.seq > m.read_seq AND o.deleted_at IS NULL AND o.author IS DISTINCT FROM m.user_id
            ORDER BY o.chat, o.seq LIMIT 1
        ) AS since
    ), counter AS (
        UPDATE ledger.streams s SET seq = s.seq + n.events FROM (SELECT count(*) AS events FROM pushed) n
        WHERE n.events > 0 AND s.root = 'projects' AND s.owner = due.project AND NOT s.closed
        RETURNING s.id, s.seq - n.events AS base
    )
    INSERT INTO ledger.events AS e (stream, seq, type, facts)
    SELECT c.id, c.base + row_number() OVER (ORDER BY p.user_id), 'unread', jsonb_build_object(
        'chat_id', of_chat, 'user_id', p.user_id, 'seq', p.pushed_seq, 'since', p.since, 'messages', p.messages)
    FROM pushed p, counter c
    RETURNING e.stream, e.seq;
END $$;
