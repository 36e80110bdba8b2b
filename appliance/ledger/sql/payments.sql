-- Notes what was found of a payment, if it still is as it was when it was looked for, and has its edition looked at.
-- Gives `noted`; `stale`: it is another by now; `over`: its edition waits for none; `used`: this was paid with already.
CREATE OR REPLACE FUNCTION ledger.note_payment(
    which uuid, was_status text, was_hash text, new_status text, new_hash text, why text,
    in_block bigint, in_block_hash text, depth bigint, who text, pause float8
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    place text;
    known profile_payments;
    paid CONSTANT text[] := ARRAY['seen', 'confirmed'];
BEGIN
    -- The edition first, as whoever moves or deletes it has it.
    SELECT e.state INTO place FROM profile_editions e WHERE e.id = which FOR NO KEY UPDATE;
    SELECT * INTO known FROM profile_payments p WHERE p.edition = which FOR UPDATE;
    IF NOT FOUND OR known.status <> was_status OR known.tx_hash IS DISTINCT FROM was_hash THEN
        RETURN 'stale';
    END IF;
    IF place IN ('published', 'rejected', 'expired') THEN
        UPDATE profile_payments SET look_at = NULL WHERE edition = which;
        RETURN 'over';
    END IF;
    IF new_status = ANY (paid) AND NOT was_status = ANY (paid) THEN
        INSERT INTO payments_used VALUES (known.provider, coalesce(known.chain_id, 0), new_hash, which)
        ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN 'used';
        END IF;
    ELSIF was_status = ANY (paid) AND NOT new_status = ANY (paid) THEN
        DELETE FROM payments_used u WHERE u.edition = which;
    END IF;
    UPDATE profile_payments SET status = new_status, tx_hash = new_hash, reason = why, block = in_block,
        block_hash = in_block_hash, confirmations = depth, decided_by = coalesce(who, decided_by),
        look_at = now() + make_interval(secs => pause),
        paid_at = CASE WHEN new_status = 'confirmed' THEN coalesce(paid_at, now()) END
    WHERE edition = which;
    IF known.status <> new_status OR known.confirmations <> depth THEN
        UPDATE profile_editions SET look_at = now() WHERE id = which;
    END IF;
    RETURN 'noted';
END;
$$;
