-- What a chat keeps: nothing of one under a legal hold is deleted, and of one with a retention all that is older.
-- What was said is its messages and the files that these have. An upload that no message has is nobody's word.

-- Of assets, which the caller has locked, those that may go. Their chats stay locked until the commit: a hold comes either
-- before this, and is seen here, or after it, and is answered once what goes is gone.
CREATE OR REPLACE FUNCTION ledger.not_held(ids uuid[]) RETURNS uuid[] LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM chats c
        WHERE c.id IN (SELECT a.owner FROM ledger.assets a WHERE a.id = ANY (ids) AND a.root = 'chats')
        ORDER BY c.id FOR SHARE;
    RETURN ARRAY(SELECT i.id FROM unnest(ids) AS i (id) WHERE NOT EXISTS (
        SELECT FROM ledger.assets a JOIN chats c ON c.id = a.owner AND c.held_at IS NOT NULL
        JOIN chat_attachments t ON t.asset = a.id WHERE a.id = i.id AND a.root = 'chats'));
END $$;

-- Sets when a chat is looked at again for what is past its retention: at once where there is more, else when its oldest message
-- will be, or one that is said now; ten minutes from now at the soonest. And forgets its tombstones that nobody is told of any more:
-- events of `keep_days` are kept, and of a month more (see keep_partitions). Nothing is forgotten of a chat under a hold.
-- BETWEEN and its order, so that only the indexes of the chat will do, whatever the statistics say.
CREATE OR REPLACE FUNCTION ledger.look_again(of_chat text, keep_days integer) RETURNS void LANGUAGE sql AS $$
    UPDATE chats c SET outdated_at = (
        SELECT CASE WHEN o.at <= now() THEN now() ELSE greatest(o.at, now() + interval '10 minutes') END
        FROM (SELECT make_interval(days => c.retention_days) + coalesce((
            SELECT m.created_at FROM chat_messages m WHERE m.chat BETWEEN c.id AND c.id AND m.deleted_at IS NULL
            ORDER BY m.chat, m.created_at LIMIT 1), now()) AS at) o
    ) WHERE c.id = of_chat;
    DELETE FROM chat_messages m WHERE m.id IN (
        SELECT t.id FROM chats c CROSS JOIN LATERAL (
            SELECT m.id FROM chat_messages m WHERE m.chat BETWEEN c.id AND c.id
                AND m.deleted_at < now() - make_interval(days => c.retention_days + keep_days + 31)
            ORDER BY m.chat, m.deleted_at LIMIT 1000
        ) t WHERE c.id = of_chat AND c.held_at IS NULL);
$$;
