-- Chats: rooms of people, whose messages have files. Applied by the migration of its name; may be applied again.
CREATE TABLE IF NOT EXISTS chats (
    id varchar(64) PRIMARY KEY,
    name varchar(200) NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    project varchar(64)
);

CREATE TABLE IF NOT EXISTS chat_members (
    chat varchar(64) NOT NULL REFERENCES chats ON DELETE CASCADE,
    user_id text NOT NULL,
    joined_at timestamptz NOT NULL DEFAULT now(),
    read_seq bigint NOT NULL DEFAULT 0,   -- how far this one has read the room's stream
    PRIMARY KEY (chat, user_id)
);
CREATE INDEX IF NOT EXISTS chats_of_member ON chat_members (user_id, chat);

-- A message that is deleted keeps its row without its text, for those who were told of it and have yet to read that it is gone.
CREATE TABLE IF NOT EXISTS chat_messages (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    chat varchar(64) NOT NULL REFERENCES chats ON DELETE CASCADE,
    author text,                          -- NULL: the server itself
    text text NOT NULL,
    client_id text,                       -- by which its client asks again without saying it twice
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
);
CREATE INDEX IF NOT EXISTS messages_of_chat ON chat_messages (chat, id);
CREATE UNIQUE INDEX IF NOT EXISTS message_of_client ON chat_messages (chat, author, client_id) NULLS NOT DISTINCT
    WHERE client_id IS NOT NULL;

CREATE TABLE IF NOT EXISTS chat_attachments (
    message uuid NOT NULL REFERENCES chat_messages ON DELETE CASCADE,
    place smallint NOT NULL,
    asset uuid NOT NULL UNIQUE,           -- no key to the asset, which may be forgotten sooner
    PRIMARY KEY (message, place)
);

-- Files that were asked for in a chat and that no message has yet.
CREATE TABLE IF NOT EXISTS chat_unclaimed (
    asset uuid PRIMARY KEY,
    since timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS unclaimed_since ON chat_unclaimed (since);

-- What is told of a room and not of a file in it.
ALTER TABLE ledger.events ALTER COLUMN asset DROP NOT NULL;
