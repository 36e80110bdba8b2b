-- What is done with the list of forbidden words.

-- A forbidden word as the history of settings tells it.
CREATE OR REPLACE FUNCTION ledger.word_told(one forbidden_words) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT one.language || ' ' || one.word || ' (' || one.severity || ')' || CASE WHEN one.pattern <> '' THEN ': ' || one.pattern ELSE '' END;
$$;
