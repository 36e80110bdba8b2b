-- Every function of the ledger but the triggers': what follows in the same transaction makes them anew, whatever
-- arguments and rows the release before gave them.
SET LOCAL check_function_bodies = off;  -- they name each other, in any order
DO $$
DECLARE
    old regprocedure;
BEGIN
    FOR old IN SELECT p.oid::regprocedure FROM pg_proc p
        WHERE p.pronamespace = 'ledger'::regnamespace AND p.prorettype <> 'trigger'::regtype
    LOOP
        EXECUTE format('DROP FUNCTION %s', old);
    END LOOP;
END $$;
