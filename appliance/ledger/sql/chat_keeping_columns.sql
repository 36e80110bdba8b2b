-- How long a chat keeps what was said in it, and whether nothing of it may be deleted. Applied by a migration; may be applied again.
ALTER TABLE chats
    ADD COLUMN IF NOT EXISTS retention_days integer,       -- NULL: for ever
    ADD COLUMN IF NOT EXISTS outdated_at timestamptz,      -- when to look for messages older than that; none is so before
    ADD COLUMN IF NOT EXISTS held_at timestamptz,          -- since when it is under a legal hold
    ADD COLUMN IF NOT EXISTS held_reason text;
CREATE INDEX IF NOT EXISTS chats_outdated ON chats (outdated_at)
    WHERE retention_days IS NOT NULL AND held_at IS NULL AND deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS messages_by_age ON chat_messages (chat, created_at) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS tombstones_by_age ON chat_messages (chat, deleted_at) WHERE deleted_at IS NOT NULL;
