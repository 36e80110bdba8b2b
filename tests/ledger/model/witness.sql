-- A witness inside the database: triggers that write down what happens to assets, whoever does it and however.
CREATE SCHEMA witness;
CREATE TABLE witness.moves (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, asset uuid, stream bigint, source text, target text, lease uuid);
CREATE TABLE witness.pins (asset uuid, was bigint, became bigint);
CREATE TABLE witness.changed_blobs (blob bigint);

CREATE FUNCTION witness.see_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO witness.moves (asset, stream, source, target, lease)
    VALUES (NEW.id, NEW.stream, CASE WHEN TG_OP = 'UPDATE' THEN OLD.state END, NEW.state,
            CASE WHEN TG_OP = 'UPDATE' THEN OLD.lease END);
    RETURN NULL;
END $$;
CREATE FUNCTION witness.see_pin() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO witness.pins VALUES (NEW.id, OLD.blob, NEW.blob);
    RETURN NULL;
END $$;
CREATE FUNCTION witness.see_blob() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO witness.changed_blobs VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER made AFTER INSERT ON ledger.assets FOR EACH ROW EXECUTE FUNCTION witness.see_move();
CREATE TRIGGER moved AFTER UPDATE ON ledger.assets FOR EACH ROW WHEN (OLD.state IS DISTINCT FROM NEW.state)
    EXECUTE FUNCTION witness.see_move();
CREATE TRIGGER pinned AFTER UPDATE ON ledger.assets FOR EACH ROW WHEN (OLD.blob IS DISTINCT FROM NEW.blob)
    EXECUTE FUNCTION witness.see_pin();
CREATE TRIGGER changed AFTER UPDATE ON ledger.blobs FOR EACH ROW WHEN (
    (OLD.bucket, OLD.key, OLD.version_id, OLD.size, OLD.etag) IS DISTINCT FROM
    (NEW.bucket, NEW.key, NEW.version_id, NEW.size, NEW.etag)) EXECUTE FUNCTION witness.see_blob();
