-- The one way an asset changes its state: compare-and-set and event together.
-- Assets that are not in one of `sources` (or, with `held`, whose lease is another) are left alone: losing a race is a no-op.
-- `notes` go into the event, one a row of `ids`; a transition to `error` takes code, message and fixer from there.
-- Gives the assets that moved, with the number of the event of each.
CREATE OR REPLACE FUNCTION ledger.transition(
    ids uuid[], sources ledger.asset_state[], target ledger.asset_state,
    notes jsonb[] DEFAULT NULL, held uuid DEFAULT NULL
) RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    moved uuid[];
    moved_notes jsonb[];
BEGIN
    SELECT array_agg(l.id ORDER BY l.id), array_agg(l.note ORDER BY l.id) INTO moved, moved_notes FROM (
        SELECT a.id, i.note FROM ledger.assets a JOIN (
            SELECT DISTINCT ON (u.id) u.id, u.note FROM unnest(ids, notes) AS u (id, note)  -- one named twice moves once
        ) i ON i.id = a.id
        WHERE a.state = ANY (sources) AND (held IS NULL OR a.lease = held)
        ORDER BY a.id FOR UPDATE OF a
    ) l;
    IF moved IS NULL THEN
        RETURN;
    END IF;
    IF target NOT IN ('processing', 'done') THEN  -- these change nothing of what is taken up
        PERFORM ledger.charge(moved, target);
    END IF;
    UPDATE ledger.assets a SET
        state = target,
        changed_at = now(),
        lease = CASE WHEN target = 'processing' THEN a.lease END,
        -- What is deleted in the middle of the work keeps the time: until then its worker may still write.
        lease_until = CASE WHEN target IN ('processing', 'deleting', 'deleted') THEN a.lease_until END,
        tries = CASE WHEN target = 'uploaded' THEN 3 ELSE a.tries END,
        uploaded_at = CASE WHEN target = 'uploaded' THEN now() ELSE a.uploaded_at END,
        error_code = i.note ->> 'code',
        error_message = i.note ->> 'message',
        error_fixer = i.note ->> 'fixer',
        checks = 0,
        check_at = CASE target
            WHEN 'expired' THEN now() + interval '5 minutes'  -- bytes still under way when the form ran out
            WHEN 'deleting' THEN now()
            WHEN 'deleted' THEN now() + interval '20 seconds'  -- a replayed form, a worker that was still writing
        END
    FROM unnest(moved, moved_notes) AS i (id, note) WHERE a.id = i.id;
    IF 'processing' = ANY (sources) THEN
        UPDATE ledger.attempts t SET ended_at = now(), outcome = coalesce(i.note ->> 'code', target::text)
        FROM unnest(moved, moved_notes) AS i (id, note) WHERE t.asset = i.id AND t.ended_at IS NULL;
    END IF;
    RETURN QUERY SELECT * FROM ledger.append(
        moved,
        CASE target WHEN 'deleting' THEN 'deleted' WHEN 'deleted' THEN 'erased' ELSE 'state' END,
        target, moved_notes);
END $$;
