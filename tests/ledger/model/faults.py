"""Faults that are planted into a ledger, to see that the model finds them."""

from dataclasses import dataclass
from pathlib import Path

import appliance.ledger

SQL = Path(appliance.ledger.__file__).parent / "sql"


@dataclass(frozen=True)
class Fault:
    """`found`: what the model says of it, as a regular expression.

    `changes`: (file of SQL, what is in it, what is put in its place); or a chore `without` which the sweep goes on.

    `extra` is SQL of the fault's own, and `after` what it runs after each statement, in another transaction.
    """

    found: str
    changes: tuple[tuple[str, str, str], ...] = ()
    without: str = ""
    extra: str = ""
    after: str | None = None

    def sql(self) -> str:
        """What plants it. Fails when the code no longer has what the fault would change."""
        scripts: dict[str, str] = {}
        for name, old, new in self.changes:
            text = scripts.get(name) or (SQL / f"{name}.sql").read_text()
            assert text.count(old) == 1, f"{name}.sql has {old!r} {text.count(old)} times"
            scripts[name] = text.replace(old, new)
        return "\n".join([*scripts.values(), self.extra])


# Told after the commit: what is to be told is put down in the transaction, and becomes an event in the next one, by the
# unchanged function under another name.
_OUTBOX = """
CREATE TABLE ledger.untold (n bigserial, id uuid, type text, state ledger.asset_state, facts jsonb);
CREATE OR REPLACE FUNCTION ledger.append(
    ids uuid[], event_type text, event_state ledger.asset_state, event_facts jsonb[] DEFAULT NULL
) RETURNS TABLE (id uuid, stream bigint, seq bigint) LANGUAGE sql AS $$
    INSERT INTO ledger.untold (id, type, state, facts)
    SELECT i.id, event_type, event_state, i.facts FROM unnest(ids, event_facts) AS i (id, facts)
    RETURNING untold.id, 1::bigint, 1::bigint;
$$;
CREATE FUNCTION ledger.tell() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    one record;
BEGIN
    FOR one IN SELECT * FROM ledger.untold ORDER BY n LOOP
        PERFORM ledger.tell_many(ARRAY[one.id], one.type, one.state, ARRAY[one.facts]);
        DELETE FROM ledger.untold u WHERE u.n = one.n;
    END LOOP;
END $$;
"""

_CAS = ("transition", "WHERE a.state = ANY (sources) AND (", "WHERE (")
_OVERWRITE = """
    UPDATE ledger.blobs b SET version_id = c.version_id
        FROM unnest(ids, version_ids) AS c (id, version_id), ledger.assets a WHERE a.id = c.id AND b.id = a.blob;
    RETURN QUERY
"""
_LAST = (
    "a.state = 'deleted' AND greatest(a.expires_at + interval '1 hour', a.lease_until + interval '10 minutes') <= now()"
)
_RENEWED = "AND lease = held AND state = 'processing' RETURNING id\n    ) SELECT"

FOUND_BY_MODEL = {
    "compare-and-set removed": Fault("the events tell", (_CAS,)),
    "compare-and-set and trigger removed": Fault(
        "went from|the events tell", (_CAS,), extra="DROP TRIGGER allowed_moves ON ledger.assets;"
    ),
    "event outside the transaction": Fault(
        "the events tell",
        (("append", "FUNCTION ledger.append(", "FUNCTION ledger.tell_many("),),
        extra=_OUTBOX,
        after="SELECT ledger.tell()",
    ),
    "event forgotten": Fault(
        "the events tell", (("append", "GROUP BY told.stream) n\n", "GROUP BY told.stream LIMIT 0) n\n"),)
    ),
    "lease ignored at the end": Fault(
        "taken: True, by right: False", (("transition", "(held IS NULL OR a.lease = held)", "true"),)
    ),
    "lease ignored by a claim": Fault("is leased twice", (("claim", "a.lease_until < now()));", "true));"),)),
    "lease ignored when renewed": Fault(
        "renewed .*, by right: False|is leased twice",
        (("claim", _RENEWED, "AND state = 'processing' RETURNING id\n    ) SELECT"),),
    ),
    "lease kept for ever": Fault(
        "never ends: .*'processing'",
        (
            (
                "claim",
                "lease_until = now() + make_interval(secs => seconds)\n    WHERE a.id",
                "lease_until = 'infinity'\n    WHERE a.id",
            ),
        ),
    ),
    "tries without end": Fault("never ends: .*'processing'", (("claim", "tries = a.tries - 1, ", ""),)),
    "the pin is overwritten": Fault("were changed", (("arrive", "    RETURN QUERY\n", _OVERWRITE),)),
    "what is known is taken for foreign": Fault(
        "storage does not hold", (("arrive", "THEN 'known'", "THEN 'foreign'"),)
    ),
    "late bytes are not taken": Fault(
        "acknowledged .* ended as expired", (("arrive", "a.state IN ('init', 'expired')", "a.state IN ('init')"),)
    ),
    "late bytes are not looked for": Fault(
        "acknowledged .* ended as expired", (("transition", "now() + interval '5 minutes'", "NULL"),)
    ),
    "tombstones go at once": Fault("was removed, and storage holds", (("erase_due", _LAST, "a.state = 'deleted'"),)),
    "a closed project takes photos": Fault(
        "closed: True",
        (
            ("open_slot", " AND NOT s.closed FOR NO KEY UPDATE", " FOR NO KEY UPDATE"),
            ("open_slot", " AND NOT s.closed) THEN", ") THEN"),
        ),
    ),
    "what changes is not counted": Fault(
        "usage is not", (("transition", "PERFORM ledger.charge(moved, target);", "PERFORM 1;"),)
    ),
    "an attempt is never ended": Fault(
        "an attempt is under way", (("transition", "IF 'processing' = ANY (sources) THEN", "IF false THEN"),)
    ),
    "retry starts without tries": Fault(
        "waits, and can't be claimed",
        (("transition", "tries = CASE WHEN target = 'uploaded' THEN 3 ELSE a.tries END,\n", ""),),
    ),
    "sweep does not find": Fault("never ends: .*'init'", without="find"),
    "sweep does not fill": Fault("never ends: .*'uploaded'", without="fill"),
    "sweep does not give up": Fault("never ends: .*'processing'", without="give_up"),
    "what is in full is made again": Fault(
        "made in full: .*, by right: False",
        (("profile_media", "a.recipe = 'draft' AND a.state = 'done'", "a.state = 'done'"),),
    ),
    "sweep does not erase": Fault("never ends: .*'deleting'", without="erase"),
    "sweep does not erase projects": Fault("never ends: .*'a project being deleted'", without="erase_owners"),
}

_COUNTER = """UPDATE ledger.streams s SET seq = s.seq + n.events
        FROM (SELECT told.stream, count(*) AS events FROM told GROUP BY told.stream) n
        WHERE s.id = n.stream
        RETURNING s.id AS stream, s.seq - n.events AS base"""
_GREATEST = """SELECT DISTINCT told.stream,
            (SELECT coalesce(max(e.seq), 0) FROM ledger.events e WHERE e.stream = told.stream) AS base FROM told"""

_AS_IT_COMES = "ORDER BY random()\n    ON CONFLICT (scope, id) DO UPDATE\n"
_COUNTED = (
    "SET slots = u.slots + excluded.slots, files = u.files + excluded.files, bytes = u.bytes + excluded.bytes;\n$$;"
)
_READ_BEFORE = """
        SET slots = (SELECT r.slots FROM ledger.usage r WHERE (r.scope, r.id) = (u.scope, u.id)) + excluded.slots,
        files = u.files + excluded.files, bytes = u.bytes + excluded.bytes;
$$;"""

# What nobody sees who does one thing at a time.
FOUND_BY_CROWD = {
    "the next number is the greatest and one": Fault(
        "stands at|one after the other|duplicate key", (("append", _COUNTER, _GREATEST),)
    ),
    "compare without a lock": Fault(
        "the events tell|cannot go from|not available",
        (("transition", "ORDER BY a.id FOR UPDATE OF a\n", "ORDER BY a.id\n"),),
    ),
    # As callers are told of a deadlock.
    "usage locked as it comes": Fault(
        "not available",
        (
            ("usage", "ORDER BY w.scope, w.id\n    ON CONFLICT (scope, id) DO UPDATE\n", _AS_IT_COMES),
            (
                "usage",
                _COUNTED,
                _COUNTED.replace("SET slots =", "SET slots = (pg_sleep(0.003) IS NULL)::int +"),
            ),
        ),
    ),
    "usage counted without its lock": Fault("usage is not", (("usage", _COUNTED, _READ_BEFORE),)),
}
