-- Asks for what an edition has to pay, once. What was begun for an earlier quote goes on, where that was to the same place: for
-- the edition before, if that was neither paid nor shown; or for a profile that was taken away unseen. A price that was lower
-- stays for `hours` from when it was asked.
CREATE OR REPLACE FUNCTION ledger.quote_payment(
    which uuid, whose text, by_provider text, on_chain bigint, to_address text, of_token text, called text, scale int,
    price numeric, waived boolean, sought boolean, no_wallet text, hours float8
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wallet text := (SELECT w.address FROM wallets w WHERE w.user_id = whose);
    before profile_payments;
    unused payments_used;
    asked timestamptz;
BEGIN
    IF sought THEN
        PERFORM ledger.release_payment(which, whose, on_chain);
        SELECT p.* INTO before FROM profile_editions e JOIN profile_payments p ON p.edition = e.id
            WHERE e.profile = (SELECT n.profile FROM profile_editions n WHERE n.id = which) AND e.id < which
            ORDER BY e.id DESC LIMIT 1;
        IF (before.status, before.provider, before.payer, before.chain_id, before.recipient)
                IS DISTINCT FROM ('due', by_provider, wallet, on_chain, to_address)
            OR before.token IS DISTINCT FROM of_token
            OR (SELECT e.published_at FROM profile_editions e WHERE e.id = before.edition) IS NOT NULL
        THEN
            before := NULL;
        END IF;
        SELECT u.* INTO unused FROM payments_used u
            WHERE u.owner = whose AND u.edition IS NULL AND u.provider = by_provider AND u.chain_id = on_chain
            ORDER BY u.since_block LIMIT 1;
    END IF;
    IF before.decimals = scale AND before.amount <= price AND before.created_at > now() - make_interval(secs => hours * 3600)
    THEN
        price := before.amount;
        asked := before.created_at;
    ELSIF before.since_block IS NULL THEN
        asked := before.created_at;  -- by which that block is found
    END IF;
    INSERT INTO profile_payments (
        edition, provider, status, reason, chain_id, recipient, token, symbol, decimals, amount, payer, decided_by,
        created_at, since_block, watched_block, tx_hash, look_at
    ) VALUES (
        which, by_provider, CASE WHEN waived THEN 'waived' ELSE 'due' END,
        CASE WHEN sought AND wallet IS NULL THEN no_wallet ELSE '' END,
        on_chain, to_address, of_token, called, scale, price, wallet, CASE WHEN waived THEN 'settings' END,
        coalesce(asked, now()), least(unused.since_block, before.since_block),
        -- What was too little before may be enough now.
        CASE WHEN unused.since_block IS NULL AND before.amount <= price THEN before.watched_block END,
        coalesce(unused.tx_hash, before.tx_hash), CASE WHEN sought THEN now() END
    ) ON CONFLICT (edition) DO NOTHING;
END;
$$;

-- Takes a payment from an edition that has it from an earlier one, where its chain is not the one that is asked now: nobody
-- would ever see it confirmed.
CREATE OR REPLACE FUNCTION ledger.release_payment(which uuid, whose text, on_chain bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM profile_payments p WHERE p.edition = which AND p.status = 'seen' AND p.chain_id <> on_chain) THEN
        RETURN;
    END IF;
    PERFORM FROM profile_editions e WHERE e.id = which FOR NO KEY UPDATE;
    UPDATE payments_used u SET edition = NULL, owner = whose, since_block = p.since_block
    FROM profile_payments p JOIN profile_editions e ON e.id = p.edition
    WHERE p.edition = which AND u.edition = which AND p.status = 'seen' AND p.created_at < e.created_at;
    IF FOUND THEN
        DELETE FROM profile_payments p WHERE p.edition = which;
    END IF;
END;
$$;

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
        INSERT INTO payments_used AS u (provider, chain_id, tx_hash, edition)
        VALUES (known.provider, coalesce(known.chain_id, 0), new_hash, which)
        ON CONFLICT (provider, chain_id, tx_hash) DO UPDATE SET edition = which, owner = NULL WHERE u.edition IS NULL;
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
    IF (known.status, known.confirmations, known.reason) <> (new_status, depth, why) THEN
        UPDATE profile_editions SET look_at = now() WHERE id = which;
    END IF;
    RETURN 'noted';
END;
$$;
