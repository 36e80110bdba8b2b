-- Where an export of a chat begins: all that was said until now is up to the message `last_message_id`, and nothing that is said later is.
-- Whoever says something locks the chat first, and so nobody is about to here.
CREATE OR REPLACE FUNCTION ledger.begin_export(of_chat text) RETURNS TABLE (
    chat_id text, title text, project_id text, created_at timestamptz, exported_at timestamptz, seq bigint, last_message_id uuid
) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    PERFORM FROM chats c WHERE c.id = of_chat FOR NO KEY UPDATE;
    RETURN QUERY SELECT c.id::text, c.name::text, c.project::text, c.created_at, clock_timestamp(), s.seq, (
        SELECT m.id FROM chat_messages m WHERE m.chat BETWEEN of_chat AND of_chat ORDER BY m.chat DESC, m.id DESC LIMIT 1)
    FROM chats c JOIN ledger.streams s ON s.root = 'chats' AND s.owner = c.id
    WHERE c.id = of_chat AND c.deleted_at IS NULL;
END $$;
