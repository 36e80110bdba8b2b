-- Assets whose original a reader did not find in storage, though the ledger says it is there: the sweep looks, which knows whether
-- all of storage is there to be asked. Applied by the migration of its name; may be applied again.
CREATE TABLE IF NOT EXISTS ledger.doubts (
    asset uuid PRIMARY KEY REFERENCES ledger.assets ON DELETE CASCADE
);
