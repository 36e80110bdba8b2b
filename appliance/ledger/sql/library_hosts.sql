-- Libraries of several hosts: whose each file of a workflow is. Applied by the migration of its name; may be applied again.
ALTER TABLE ledger.libraries ADD COLUMN IF NOT EXISTS host text NOT NULL DEFAULT '';  -- that said last that it has it
-- Files that are no workflows are known by their own names, of which each host may have the same.
ALTER TABLE ledger.libraries DROP CONSTRAINT IF EXISTS libraries_name_key;
CREATE UNIQUE INDEX IF NOT EXISTS libraries_by_name ON ledger.libraries (name) WHERE workflow <> '{}';
CREATE UNIQUE INDEX IF NOT EXISTS libraries_broken ON ledger.libraries (host, name) WHERE workflow = '{}';
