-- What a payment is shown with and looked for by, and what was ever paid with. Applied by the migration of its name; may
-- be applied again.
ALTER TABLE profile_payments
    ADD COLUMN IF NOT EXISTS symbol text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS decimals smallint NOT NULL DEFAULT 0,
    ADD COLUMN IF NOT EXISTS watched_block bigint;      -- up to here the chain was searched, and is settled

-- Outlives the edition that was paid for: who deletes a profile can't pay for the next one with the same.
CREATE TABLE IF NOT EXISTS payments_used (
    provider text NOT NULL,
    chain_id bigint NOT NULL,               -- 0: of no chain
    tx_hash text NOT NULL,
    edition uuid NOT NULL,
    PRIMARY KEY (provider, chain_id, tx_hash)
);
