-- Applied by a migration; may be applied again, and then changes nothing.
DO $$
BEGIN
    IF EXISTS (
        SELECT FROM information_schema.columns
        WHERE table_schema = 'ledger' AND table_name = 'assets' AND column_name = 'attempts' AND data_type = 'smallint'
    ) THEN
        ALTER TABLE ledger.assets ALTER COLUMN attempts TYPE integer, ALTER COLUMN tries TYPE integer;
        ALTER TABLE ledger.attempts ALTER COLUMN attempt TYPE integer;
    END IF;
END $$;
