-- Hashtags of a profile that is published, and how many profiles have each.

-- Gives a profile these hashtags in the place of those it has; none: takes them all away. Hashtags are locked in the order of
-- their names, as by everybody else, and after the profile, so that two at once neither meet nor miscount.
CREATE OR REPLACE FUNCTION ledger.tag_profile(of_profile uuid, names text[], as_of timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one text;
BEGIN
    PERFORM FROM profiles p WHERE p.id = of_profile FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        names := '{}';
    END IF;
    -- One after the other, for an INSERT of several takes its locks in whatever order the plan has.
    FOR one IN
        SELECT n FROM unnest(names) n UNION
        SELECT h.name FROM profile_hashtags t JOIN hashtags h ON h.id = t.hashtag WHERE t.profile = of_profile ORDER BY 1
    LOOP
        INSERT INTO hashtags AS h (name, profiles) VALUES (one, (one = ANY (names))::int)
        ON CONFLICT (name) DO UPDATE SET profiles = h.profiles + (one = ANY (names))::int - EXISTS (
            SELECT FROM profile_hashtags t WHERE t.profile = of_profile AND t.hashtag = h.id)::int;
    END LOOP;
    DELETE FROM profile_hashtags t WHERE t.profile = of_profile;
    INSERT INTO profile_hashtags (profile, hashtag, published_at)
    SELECT of_profile, h.id, as_of FROM hashtags h WHERE h.name = ANY (names);
END $$;
