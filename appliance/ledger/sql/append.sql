-- Appends one event for each asset of `ids` to its home stream: dense numbers, in the order of the ids.
-- Streams are locked in the order of their ids, as late as possible, and stay locked until the commit:
-- so the order of numbers is the order of commits, and two batches cannot deadlock. Not FOR UPDATE: an asset that is
-- inserted, or updated twice in a transaction, has its stream's key share-locked by the foreign key's check already, and
-- two who hold that and want the whole row wait for each other.
CREATE OR REPLACE FUNCTION ledger.append(
    ids uuid[], event_type text, event_state ledger.asset_state, event_facts jsonb[] DEFAULT NULL
) RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    IF cardinality(ids) > 1 THEN
        PERFORM FROM ledger.streams s
            WHERE s.id IN (SELECT a.stream FROM ledger.assets a WHERE a.id = ANY (ids))
            ORDER BY s.id FOR NO KEY UPDATE;
    END IF;
    RETURN QUERY
    WITH told AS (
        SELECT a.id, a.stream, a.uploader, i.facts, row_number() OVER (PARTITION BY a.stream ORDER BY a.id) AS place
        FROM unnest(ids, event_facts) AS i (id, facts) JOIN ledger.assets a ON a.id = i.id
    ), counter AS (
        UPDATE ledger.streams s SET seq = s.seq + n.events
        FROM (SELECT told.stream, count(*) AS events FROM told GROUP BY told.stream) n
        WHERE s.id = n.stream
        RETURNING s.id AS stream, s.seq - n.events AS base
    ), appended AS (
        INSERT INTO ledger.events (stream, seq, type, asset, state, facts, uploader)
        SELECT told.stream, counter.base + told.place, event_type, told.id, event_state, told.facts, told.uploader
        FROM told JOIN counter ON counter.stream = told.stream
        RETURNING asset, events.stream, events.seq
    )
    SELECT appended.asset, appended.stream, appended.seq FROM appended;
END $$;
