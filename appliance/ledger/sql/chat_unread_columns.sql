-- What is unread, and who was told so. Applied by the migration of its name; may be applied again.
ALTER TABLE chat_messages ADD COLUMN IF NOT EXISTS seq bigint NOT NULL DEFAULT 0;  -- of the event that told of it
UPDATE chat_messages m SET seq = e.seq FROM ledger.events e
    WHERE m.seq = 0 AND e.type = 'message' AND e.facts ->> 'message_id' = m.id::text;
CREATE INDEX IF NOT EXISTS messages_by_number ON chat_messages (chat, seq) INCLUDE (author) WHERE deleted_at IS NULL;

ALTER TABLE chat_members ADD COLUMN IF NOT EXISTS pushed_seq bigint NOT NULL DEFAULT 0;  -- up to where this one was told of

-- Since when nobody has looked who is behind with what was said after `unread_after`; NULL: nothing was said.
ALTER TABLE chats
    ADD COLUMN IF NOT EXISTS unread_since timestamptz,
    ADD COLUMN IF NOT EXISTS unread_after bigint;
CREATE INDEX IF NOT EXISTS chats_unread ON chats (unread_since) WHERE unread_since IS NOT NULL;

-- A chat outlives its project, and is not one of another that has the same id later.
UPDATE chats c SET project = NULL
    WHERE c.project IS NOT NULL AND NOT EXISTS (SELECT FROM projects p WHERE p.id = c.project);
ALTER TABLE chats DROP CONSTRAINT IF EXISTS project_of_chat;
ALTER TABLE chats ADD CONSTRAINT project_of_chat FOREIGN KEY (project) REFERENCES projects ON DELETE SET NULL;
CREATE INDEX IF NOT EXISTS chats_of_project ON chats (project) WHERE project IS NOT NULL;

-- Few at any time, and asked for by every round of the sweep.
CREATE INDEX IF NOT EXISTS users_leaving ON users (id) WHERE deleted_at IS NOT NULL;
