-- Profiles on their way through the gates: each step is one statement, with the event that tells of it.
-- Locks: assets by id, then the profile, its editions, hashtags by name, payments, and streams by id, last.

-- Whether what an edition has to pay is paid, or was let through by the operator.
CREATE OR REPLACE FUNCTION ledger.paid(edition uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM profile_payments p WHERE p.edition = paid.edition AND p.status IN ('confirmed', 'waived'));
$$;

-- Only by an allowed step, and past a gate only with what that gate asks for, whoever writes it.
CREATE OR REPLACE FUNCTION ledger.refuse_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' THEN
            RAISE EXCEPTION 'edition % begins as %', NEW.id, NEW.state USING ERRCODE = 'check_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF NOT EXISTS (SELECT FROM profile_moves WHERE source = OLD.state AND target = NEW.state) THEN
        RAISE EXCEPTION 'edition % cannot go from % to %', OLD.id, OLD.state, NEW.state USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state IN ('in_review', 'processing', 'published') AND NOT ledger.paid(NEW.id) THEN
        RAISE EXCEPTION 'edition % is not paid', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.state IN ('processing', 'published') AND NEW.approved_at IS NULL THEN
        RAISE EXCEPTION 'edition % was not approved', OLD.id USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE OR REPLACE TRIGGER allowed_steps BEFORE UPDATE OF state ON profile_editions
    FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state) EXECUTE FUNCTION ledger.refuse_step();
CREATE OR REPLACE TRIGGER first_step BEFORE INSERT ON profile_editions
    FOR EACH ROW EXECUTE FUNCTION ledger.refuse_step();

-- Tells a profile's owner of it, and the webhooks of `project` if it is one.
CREATE OR REPLACE FUNCTION ledger.tell_profile(whose text, project text, facts jsonb)
RETURNS TABLE (stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT s.root, s.owner FROM ledger.streams s
        WHERE (s.root = 'users' AND s.owner = whose) OR (s.root = 'projects' AND s.owner = project) ORDER BY s.id
    LOOP
        RETURN QUERY SELECT t.stream, t.seq FROM ledger.tell(one.root, one.owner, 'profile', facts
            || CASE one.root WHEN 'projects' THEN jsonb_build_object('user_id', whose) ELSE '{}' END) t;
    END LOOP;
END $$;

-- The same of where an edition is.
CREATE OR REPLACE FUNCTION ledger.tell_edition(edition uuid, project text)
RETURNS TABLE (stream bigint, seq bigint) LANGUAGE sql AS $$
    SELECT t.stream, t.seq FROM profile_editions e JOIN profiles p ON p.id = e.profile
    CROSS JOIN LATERAL ledger.tell_profile(p.user_id, tell_edition.project, jsonb_build_object(
        'profile_id', p.id, 'edition_id', e.id, 'state', e.state, 'reason', e.reason,
        'payment', (SELECT jsonb_build_object('status', m.status, 'confirmations', m.confirmations)
            FROM profile_payments m WHERE m.edition = e.id))) t
    WHERE e.id = tell_edition.edition;
$$;

-- Compare-and-set of one edition's state; no row where it is not in `source` any more, else at least one. `seconds`: when the gates are tried
-- again, NULL: once somebody has done something.
CREATE OR REPLACE FUNCTION ledger.move_edition(
    edition uuid, source text, target text, why text, by text, seconds double precision, project text
) RETURNS TABLE (stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
BEGIN
    UPDATE profile_editions e SET state = target, reason = why, state_at = now(), claimed_by = NULL, claimed_until = NULL,
        look_at = now() + make_interval(secs => seconds)
    WHERE e.id = edition AND e.state = source;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO profile_history (edition, who, source, target, reason) VALUES (edition, by, source, target, why);
    RETURN QUERY SELECT * FROM ledger.tell_edition(edition, project);
    IF NOT FOUND THEN
        RETURN QUERY SELECT NULL::bigint, NULL::bigint;  -- nobody is there to be told
    END IF;
END $$;

-- Takes in what somebody wants to have published. Verdicts: `new`; `busy`, where another edition is on its way, whose id is
-- given; `no_media`, where one of the files is not this user's any more; `gone`, where there is no such user.
-- media: {role: asset}. What was paid for an edition that was never seen is carried over to the next.
CREATE OR REPLACE FUNCTION ledger.open_edition(
    by text, form jsonb, tags text[], noticed jsonb, media jsonb, project text
) RETURNS TABLE (verdict text, profile uuid, edition uuid, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    files uuid[] := ARRAY(SELECT value::uuid FROM jsonb_each_text(media) ORDER BY 1);
    home uuid;
    made uuid;
    other uuid;
    unseen uuid;
BEGIN
    PERFORM FROM ledger.assets a WHERE a.id = ANY (files) ORDER BY a.id FOR NO KEY UPDATE;
    PERFORM FROM users u WHERE u.id = by AND u.deleted_at IS NULL FOR KEY SHARE;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'gone', NULL::uuid, NULL::uuid, NULL::bigint, NULL::bigint;
        RETURN;
    END IF;
    INSERT INTO profiles (user_id) VALUES (by) ON CONFLICT DO NOTHING;
    SELECT p.id INTO home FROM profiles p WHERE p.user_id = by FOR UPDATE;
    SELECT e.id INTO other FROM profile_editions e WHERE e.profile = home
        AND e.state IN ('draft', 'awaiting_payment', 'in_review', 'processing');
    IF FOUND THEN
        RETURN QUERY SELECT 'busy', home, other, NULL::bigint, NULL::bigint;
        RETURN;
    END IF;
    IF EXISTS (
        SELECT FROM jsonb_each_text(media) m WHERE NOT EXISTS (
            SELECT FROM ledger.assets a WHERE a.id = m.value::uuid AND a.state = 'done'
        ) OR NOT (
            EXISTS (SELECT FROM profile_uploads u WHERE u.user_id = by AND u.role = m.key AND u.asset = m.value::uuid)
            OR EXISTS (SELECT FROM profile_media o JOIN profile_editions e ON e.id = o.edition
                WHERE e.profile = home AND e.dropped_at IS NULL AND o.role = m.key AND o.asset = m.value::uuid)
        )
    ) THEN
        RETURN QUERY SELECT 'no_media', home, NULL::uuid, NULL::bigint, NULL::bigint;
        RETURN;
    END IF;
    INSERT INTO profile_editions AS e (profile, name, url, activity_hobbies, hashtags, is_incognito, flags)
    VALUES (home, form ->> 'name', form ->> 'url', form ->> 'activity_hobbies', tags, (form ->> 'is_incognito')::boolean, noticed)
    RETURNING e.id INTO made;
    INSERT INTO profile_media (edition, role, asset) SELECT made, m.key, m.value::uuid FROM jsonb_each_text(media) m;
    DELETE FROM profile_uploads u WHERE u.user_id = by AND u.asset = ANY (files);
    SELECT e.id INTO unseen FROM profile_editions e JOIN profile_payments o ON o.edition = e.id
        WHERE e.profile = home AND e.id <> made AND e.published_at IS NULL AND o.status IN ('seen', 'confirmed')
            AND e.state IN ('rejected', 'expired')
        ORDER BY e.id DESC LIMIT 1;
    UPDATE profile_payments p SET edition = made, look_at = now() WHERE p.edition = unseen;
    UPDATE payments_used u SET edition = made WHERE u.edition = unseen;
    INSERT INTO profile_history (edition, who, target) VALUES (made, 'owner', 'draft');
    RETURN QUERY SELECT 'new', home, made, t.stream, t.seq FROM ledger.tell_edition(made, project) t;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'new', home, made, NULL::bigint, NULL::bigint;
    END IF;
END $$;

-- A moderator's word on an edition that this one has claimed. Verdicts: `done`; `again`, where this one has said the same
-- before; `lost`, where it is another's, or not in review any more; `unpaid`.
CREATE OR REPLACE FUNCTION ledger.judge_edition(edition uuid, moderator text, approved boolean, why text, project text)
RETURNS TABLE (verdict text, stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    said text := CASE WHEN approved THEN 'processing' ELSE 'rejected' END;
    stands record;
BEGIN
    SELECT e.state, e.claimed_by INTO stands FROM profile_editions e WHERE e.id = edition FOR NO KEY UPDATE;
    IF stands.state IS DISTINCT FROM 'in_review' THEN
        RETURN QUERY SELECT CASE WHEN (
            SELECT h.target FROM profile_history h WHERE h.edition = judge_edition.edition AND h.who = 'moderator ' || moderator
            ORDER BY h.id DESC LIMIT 1
        ) = said THEN 'again' ELSE 'lost' END, NULL::bigint, NULL::bigint;
        RETURN;
    END IF;
    IF stands.claimed_by IS DISTINCT FROM moderator THEN
        RETURN QUERY SELECT 'lost', NULL::bigint, NULL::bigint;
        RETURN;
    END IF;
    PERFORM FROM profile_payments p WHERE p.edition = judge_edition.edition FOR SHARE;
    IF approved AND NOT ledger.paid(edition) THEN
        RETURN QUERY SELECT 'unpaid', NULL::bigint, NULL::bigint;
        RETURN;
    END IF;
    UPDATE profile_editions e SET approved_by = moderator, approved_at = now() WHERE e.id = edition AND approved;
    RETURN QUERY SELECT 'done', m.stream, m.seq FROM ledger.move_edition(
        edition, 'in_review', said, why, 'moderator ' || moderator, CASE WHEN approved THEN 0 END, project) m;
    IF NOT FOUND THEN
        RETURN QUERY SELECT 'done', NULL::bigint, NULL::bigint;
    END IF;
END $$;

-- Shows an edition in place of the one before, in one moment; no row where it is not being processed any more, or not paid.
CREATE OR REPLACE FUNCTION ledger.publish_edition(edition uuid, project text)
RETURNS TABLE (stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    next record;
    before uuid;
BEGIN
    SELECT e.profile, e.hashtags, p.user_id INTO next FROM profile_editions e JOIN profiles p ON p.id = e.profile
        WHERE e.id = publish_edition.edition;
    SELECT p.edition INTO before FROM profiles p WHERE p.id = next.profile FOR UPDATE;
    PERFORM FROM profile_editions e WHERE e.id = edition AND e.state = 'processing' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    PERFORM FROM profile_payments p WHERE p.edition = publish_edition.edition FOR SHARE;
    IF NOT ledger.paid(edition) THEN
        RETURN;
    END IF;
    PERFORM ledger.tag_profile(next.profile, next.hashtags, now());
    -- Only what is paid from now on is for the next one.
    UPDATE payments_used u SET owner = NULL WHERE u.owner = next.user_id AND u.edition IS NULL;
    IF before IS NOT NULL THEN
        RETURN QUERY SELECT * FROM ledger.move_edition(before, 'published', 'expired', 'a newer one has its place', 'gates', NULL, project);
    END IF;
    UPDATE profile_editions e SET published_at = now() WHERE e.id = edition;
    UPDATE profiles p SET edition = publish_edition.edition, published_at = now() WHERE p.id = next.profile;
    RETURN QUERY SELECT * FROM ledger.move_edition(edition, 'processing', 'published', '', 'gates', NULL, project);
END $$;

-- Takes an edition back that is on its way. No row where there is none.
CREATE OR REPLACE FUNCTION ledger.withdraw_edition(of_profile uuid, by text, project text)
RETURNS TABLE (stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    one record;
BEGIN
    PERFORM FROM profiles p WHERE p.id = of_profile FOR UPDATE;
    SELECT e.id, e.state INTO one FROM profile_editions e WHERE e.profile = of_profile
        AND e.state IN ('draft', 'awaiting_payment', 'in_review', 'processing') FOR NO KEY UPDATE;
    IF FOUND THEN
        RETURN QUERY SELECT * FROM ledger.move_edition(one.id, one.state, 'expired', 'withdrawn', by, NULL, project);
    END IF;
END $$;

-- Takes a profile away with all its media and what was uploaded for it. No row where there is none; else at least one.
CREATE OR REPLACE FUNCTION ledger.remove_profile(of_profile uuid, project text)
RETURNS TABLE (stream bigint, seq bigint) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
    whose text;
    files uuid[];
BEGIN
    SELECT p.user_id INTO whose FROM profiles p WHERE p.id = of_profile;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    files := ARRAY(
        SELECT m.asset FROM profile_media m JOIN profile_editions e ON e.id = m.edition WHERE e.profile = of_profile
        UNION SELECT u.asset FROM profile_uploads u WHERE u.user_id = whose ORDER BY 1);
    PERFORM FROM ledger.assets a WHERE a.id = ANY (files) ORDER BY a.id FOR UPDATE;
    PERFORM FROM profiles p WHERE p.id = of_profile FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    RETURN QUERY SELECT NULL::bigint, NULL::bigint;
    PERFORM ledger.tag_profile(of_profile, '{}', now());
    -- One that was begun meanwhile stays, until it is sent in or its time is over.
    DELETE FROM profile_uploads u WHERE u.user_id = whose AND u.asset = ANY (files);
    -- What nothing was shown for may pay for another. The editions first, as whoever notes a payment has them.
    PERFORM FROM profile_editions e WHERE e.profile = of_profile ORDER BY e.id FOR UPDATE;
    UPDATE payments_used u SET edition = NULL, owner = whose, since_block = p.since_block
    FROM profile_editions e JOIN profile_payments p ON p.edition = e.id
    WHERE e.profile = of_profile AND e.published_at IS NULL AND u.edition = e.id;
    DELETE FROM profiles p WHERE p.id = of_profile;
    RETURN QUERY SELECT t.stream, t.seq FROM ledger.tell_profile(
        whose, project, jsonb_build_object('profile_id', of_profile, 'state', 'deleted', 'reason', '')) t;
    RETURN QUERY SELECT r.stream, r.seq FROM ledger.remove(files) r;  -- its stream is locked already
END $$;

-- Of every profile whose owner is deleted, some at a time.
CREATE OR REPLACE FUNCTION ledger.orphaned_profiles(most integer) RETURNS TABLE (id uuid) LANGUAGE sql STABLE AS $$
    SELECT p.id FROM users u JOIN profiles p ON p.user_id = u.id WHERE u.deleted_at IS NOT NULL LIMIT most;
$$;
