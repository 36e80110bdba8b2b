-- Which list of forbidden words is in force: one row, another number after each change. Applied by the migration of its name;
-- may be applied again.
CREATE TABLE IF NOT EXISTS forbidden_words_version (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    version bigint NOT NULL
);
INSERT INTO forbidden_words_version (version) VALUES (1) ON CONFLICT DO NOTHING;

-- Whoever changes the list, another is in force.
CREATE OR REPLACE FUNCTION ledger.words_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE forbidden_words_version SET version = version + 1;
    RETURN NULL;
END $$;
CREATE OR REPLACE TRIGGER words_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON forbidden_words
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.words_changed();

