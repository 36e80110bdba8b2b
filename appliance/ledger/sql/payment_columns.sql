-- What a payment is shown with and looked for by, and what was ever paid with. Applied by the migration of its name; may
-- be applied again.
ALTER TABLE profile_payments
    ADD COLUMN IF NOT EXISTS symbol text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS decimals smallint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS watched_block bigint,      -- up to here the chain was searched, and is settled
    ADD COLUMN IF NOT EXISTS searched_until timestamptz;    -- all that was paid before this was found

-- Outlives the edition that was paid for: who deletes a profile that was seen can't pay for the next one with the same.
CREATE TABLE IF NOT EXISTS payments_used (
    provider text NOT NULL,
    chain_id bigint NOT NULL,               -- 0: of no chain
    tx_hash text NOT NULL,
    edition uuid,                           -- NULL: nothing was published for it, and `owner` may pay with it still
    owner varchar(64) REFERENCES users ON DELETE SET NULL,
    since_block bigint,                     -- that its owner was asked to pay after
    PRIMARY KEY (provider, chain_id, tx_hash)
);
CREATE INDEX IF NOT EXISTS payments_used_by_edition ON payments_used (edition);
CREATE INDEX IF NOT EXISTS payments_to_use ON payments_used (owner) WHERE edition IS NULL;
