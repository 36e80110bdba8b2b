-- Profiles of people who sign in with a wallet. Applied by the migration of its name; may be applied again.

-- An address is written in lower case. Whom it belongs to has an id of its own, so that a profile without a name tells none.
CREATE TABLE IF NOT EXISTS wallets (
    address char(42) PRIMARY KEY,
    user_id varchar(64) NOT NULL UNIQUE REFERENCES users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- One a user. `edition`: the one that everybody sees.
CREATE TABLE IF NOT EXISTS profiles (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id varchar(64) NOT NULL UNIQUE REFERENCES users,
    edition uuid,
    created_at timestamptz NOT NULL DEFAULT now(),
    published_at timestamptz           -- of that edition
);
CREATE INDEX IF NOT EXISTS profiles_by_publication ON profiles (published_at DESC, id DESC) WHERE published_at IS NOT NULL;

-- The one table of allowed transitions, enforced by the trigger in profiles.sql.
CREATE TABLE IF NOT EXISTS profile_moves (
    source text NOT NULL,
    target text NOT NULL,
    PRIMARY KEY (source, target)
);
INSERT INTO profile_moves (source, target) VALUES
    ('draft', 'awaiting_payment'), ('draft', 'rejected'), ('draft', 'expired'),
    ('awaiting_payment', 'in_review'), ('awaiting_payment', 'expired'),
    ('in_review', 'processing'), ('in_review', 'rejected'), ('in_review', 'expired'),
    ('in_review', 'awaiting_payment'),      -- the block that its payment was in is none of the chain's any more
    ('processing', 'published'), ('processing', 'rejected'), ('processing', 'expired'),
    ('processing', 'awaiting_payment'),
    ('published', 'expired')                -- replaced, or taken away
ON CONFLICT DO NOTHING;

-- What somebody wants to have published: first a profile, later each change of it. It goes through the gates as a whole.
CREATE TABLE IF NOT EXISTS profile_editions (
    id uuid PRIMARY KEY DEFAULT uuidv7(),
    profile uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
    state text NOT NULL DEFAULT 'draft' CHECK (state IN (
        'draft', 'awaiting_payment', 'in_review', 'processing', 'published', 'rejected', 'expired')),
    reason text NOT NULL DEFAULT '',        -- why it is where it is, for its owner
    name text NOT NULL,
    url text,
    activity_hobbies text NOT NULL DEFAULT '',
    hashtags text[] NOT NULL DEFAULT '{}',
    is_incognito boolean NOT NULL DEFAULT false,
    flags jsonb NOT NULL DEFAULT '[]',      -- what pre-checks noticed, for its moderator
    created_at timestamptz NOT NULL DEFAULT now(),
    state_at timestamptz NOT NULL DEFAULT now(),
    look_at timestamptz DEFAULT now(),      -- when the gates are tried again; NULL: somebody has to act first
    claimed_by text,
    claimed_until timestamptz,
    approved_by text,
    approved_at timestamptz,
    published_at timestamptz,
    dropped_at timestamptz                  -- its media are gone
);
-- One at a time is on its way, and one is to be seen.
CREATE UNIQUE INDEX IF NOT EXISTS edition_on_its_way ON profile_editions (profile)
    WHERE state IN ('draft', 'awaiting_payment', 'in_review', 'processing');
CREATE UNIQUE INDEX IF NOT EXISTS edition_to_be_seen ON profile_editions (profile) WHERE state = 'published';
CREATE INDEX IF NOT EXISTS editions_of_profile ON profile_editions (profile, id);
CREATE INDEX IF NOT EXISTS editions_to_look_at ON profile_editions (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS editions_in_review ON profile_editions (state_at, id) WHERE state = 'in_review';
CREATE INDEX IF NOT EXISTS editions_to_drop ON profile_editions (state_at)
    WHERE state IN ('expired', 'rejected') AND dropped_at IS NULL;
CREATE INDEX IF NOT EXISTS editions_to_forget ON profile_editions (dropped_at)
    WHERE state IN ('expired', 'rejected') AND dropped_at IS NOT NULL;

-- Roles: image, logo, video. An asset may be in several editions of one profile.
CREATE TABLE IF NOT EXISTS profile_media (
    edition uuid NOT NULL REFERENCES profile_editions ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('image', 'logo', 'video')),
    asset uuid NOT NULL,                    -- no key to the asset, which may be forgotten sooner
    PRIMARY KEY (edition, role)
);
CREATE INDEX IF NOT EXISTS editions_of_asset ON profile_media (asset);

-- What was uploaded for a profile and is in no edition yet: the newest of each role.
CREATE TABLE IF NOT EXISTS profile_uploads (
    user_id varchar(64) NOT NULL REFERENCES users ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('image', 'logo', 'video')),
    asset uuid NOT NULL UNIQUE,
    since timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, role)
);
CREATE INDEX IF NOT EXISTS profile_uploads_since ON profile_uploads (since);

-- Every step of every edition: who, from where to where, and why.
CREATE TABLE IF NOT EXISTS profile_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    edition uuid NOT NULL REFERENCES profile_editions ON DELETE CASCADE,
    at timestamptz NOT NULL DEFAULT now(),
    who text NOT NULL,                      -- 'gates', the owner, a moderator, an operator
    source text,
    target text NOT NULL,
    reason text NOT NULL DEFAULT ''
);
CREATE INDEX IF NOT EXISTS history_of_edition ON profile_history (edition, id);
CREATE INDEX IF NOT EXISTS history_of_moderators ON profile_history (id) WHERE who LIKE 'moderator %';

-- Hashtags of what is published; how many profiles have each is counted as these come and go.
CREATE TABLE IF NOT EXISTS hashtags (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    profiles bigint NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS hashtags_by_use ON hashtags (profiles DESC, name) WHERE profiles > 0;
CREATE INDEX IF NOT EXISTS hashtags_by_name ON hashtags (name text_pattern_ops);
CREATE TABLE IF NOT EXISTS profile_hashtags (
    profile uuid NOT NULL REFERENCES profiles ON DELETE CASCADE,
    hashtag bigint NOT NULL REFERENCES hashtags,
    published_at timestamptz NOT NULL,
    PRIMARY KEY (profile, hashtag)
);
CREATE INDEX IF NOT EXISTS profiles_of_hashtag ON profile_hashtags (hashtag, published_at DESC, profile DESC);

-- What an edition has to pay, as it was when it came to that gate, and what is known of its payment.
CREATE TABLE IF NOT EXISTS profile_payments (
    edition uuid PRIMARY KEY REFERENCES profile_editions ON DELETE CASCADE,
    provider text NOT NULL,                 -- evm, manual, none: passed without payment, as the operator has set
    status text NOT NULL DEFAULT 'due' CHECK (status IN ('due', 'seen', 'confirmed', 'waived')),
    reason text NOT NULL DEFAULT '',        -- why it is not (yet) good, for who pays
    chain_id bigint,
    recipient char(42),
    token char(42),                         -- an ERC-20 contract; NULL: the chain's own coin
    amount numeric(78, 0) NOT NULL DEFAULT 0,   -- in the token's smallest unit
    payer char(42),                         -- the wallet that it has to come from
    since_block bigint,                     -- older payments are none of this
    tx_hash text,                           -- of what was told or found; of `manual` the operator's reference
    block bigint,
    block_hash text,
    confirmations bigint NOT NULL DEFAULT 0,
    decided_by text,                        -- who marked or waived it
    created_at timestamptz NOT NULL DEFAULT now(),
    look_at timestamptz DEFAULT now(),      -- when the chain is asked again; NULL: not at all
    paid_at timestamptz
);
CREATE INDEX IF NOT EXISTS payments_to_look_at ON profile_payments (look_at) WHERE look_at IS NOT NULL;

-- Words that nobody may publish, as the operator edits them.
CREATE TABLE IF NOT EXISTS forbidden_words (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    word text NOT NULL,
    pattern text NOT NULL DEFAULT '',       -- how it is looked for, where the word alone does not say it
    severity text NOT NULL CHECK (severity IN ('block', 'review')),
    language text NOT NULL,
    changed_by text NOT NULL DEFAULT '',
    changed_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (language, word)
);
