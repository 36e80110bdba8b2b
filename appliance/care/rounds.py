"""Rounds through storage as the ledger keeps them: asked for, under way, ended. Whoever dies in one goes on with it.

They are in the ledger's database since they have to outlive every process and every flush of Valkey, and since each
host can then be the one that goes on.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from appliance.ledger.database import fetch, fetch_one
from storage.results import Result

# What waits already does for this, too, if it is made as wide.
_WIDEN = """
UPDATE ledger.care SET why = CASE WHEN position($3 IN why) > 0 THEN why ELSE left(why || '; ' || $3, 1000) END,
    since = CASE WHEN $4::timestamptz IS NULL THEN NULL ELSE least(since, $4) END
WHERE id = (SELECT id FROM ledger.care WHERE ended_at IS NULL AND began_at IS NULL AND deep = $1 AND bucket = $2
    ORDER BY id LIMIT 1) RETURNING id
"""
_ASK = "INSERT INTO ledger.care (deep, bucket, why, since) VALUES ($1, $2, $3, $4) RETURNING id"
_NEXT = "SELECT * FROM ledger.care WHERE ended_at IS NULL ORDER BY deep, id LIMIT 1"
_ESTIMATE = "SELECT reltuples::bigint AS n FROM pg_class WHERE oid = 'ledger.{table}'::regclass"
_COUNT = "SELECT count(*) AS n FROM ledger.{table}"
_LARGE = 1_000_000
_BEGIN = """
UPDATE ledger.care SET began_at = coalesce(began_at, now()), slices = $2,
    expected = CASE WHEN began_at IS NULL THEN $3 ELSE expected END WHERE id = $1
"""
_NOTE = """
UPDATE ledger.care SET looked = looked + $2, mended = mended + $3, unhealed = unhealed + $4, waiting = waiting + $5,
    bytes = bytes + $6, worked = worked + $7, trouble = '' WHERE id = $1
"""
_DONE = "UPDATE ledger.care SET after = $2, doing = '{}', slices_done = slices_done + 1 WHERE id = $1"
_LEFT = "SELECT doing FROM ledger.care WHERE ended_at IS NULL AND doing <> '{}'"
_LAST_ENDED = "SELECT * FROM ledger.care WHERE deep = $1 AND ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT 1"


class Round(NamedTuple):
    """A row of ledger.care, which says what each field is."""

    id: int
    deep: bool
    why: str
    bucket: str
    since: datetime | None
    asked_at: datetime
    began_at: datetime | None
    ended_at: datetime | None
    after: str
    doing: list[str]
    slices: int
    slices_done: int
    expected: int
    looked: int
    mended: int
    unhealed: int
    waiting: int
    bytes: int
    worked: float
    trouble: str

    @property
    def rate(self) -> float:
        """Object versions a second, of the server's own results; 0 while there are none."""
        return self.looked / self.worked if self.worked > 0 else 0.0

    @property
    def share(self) -> float:
        """How far it has come, of 1: by object versions where all are looked at, else by slices."""
        if self.ended_at:
            return 1.0
        by_objects = self.since is None and not self.bucket and self.expected
        done, all_of_it = (self.looked, self.expected) if by_objects else (self.slices_done, self.slices)
        return min(0.999, done / all_of_it) if all_of_it else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the rate so far; None while nothing can be said."""
        return self.worked * (1 - self.share) / self.share if self.share > 0 and not self.ended_at else None

    def told(self) -> dict[str, Any]:
        """For reports and scripts."""
        times = {name: _iso(getattr(self, name)) for name in ("since", "asked_at", "began_at", "ended_at")}
        left = self.seconds_left
        figures = {"rate": round(self.rate, 1), "share": round(self.share, 4), "seconds_left": left and round(left, 1)}
        return {**self._asdict(), **times, **figures, "kind": "scrub" if self.deep else "heal"}


class Tally(NamedTuple):
    """Object versions, bytes and seconds by which a round has come further; the fields are as in Round."""

    looked: int = 0
    mended: int = 0
    unhealed: int = 0
    waiting: int = 0
    bytes: int = 0
    worked: float = 0.0

    @classmethod
    def of(cls, results: Sequence[Result], fresh: bool, seconds: float) -> "Tally":
        """What the server says it did in so many seconds; unless it is `fresh` it had looked at all of it before. What
        it could not do is told when it has ended.
        """
        looked, size = (len(results), sum(one.size for one in results)) if fresh else (0, 0)
        return cls(looked, sum(one.mended for one in results), bytes=size, worked=seconds)


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


async def ask(deep: bool, why: str, bucket: str = "", since: float | None = None) -> int:
    """Asks for a round; its id, or that of one not yet begun that then does for both. `since`: seconds since 1970."""
    at = datetime.fromtimestamp(since, UTC) if since is not None else None
    row = await fetch_one(_WIDEN, deep, bucket, why, at) or await fetch_one(_ASK, deep, bucket, why, at)
    assert row is not None
    return int(row["id"])


async def first() -> Round | None:
    """The round to go on with: heals before scrubs."""
    return _round(await fetch_one(_NEXT))


async def unfinished(deep: bool) -> Round | None:
    """The first scrub (or heal) that has not ended."""
    return _round(
        await fetch_one("SELECT * FROM ledger.care WHERE ended_at IS NULL AND deep = $1 ORDER BY id LIMIT 1", deep)
    )


async def read(which: int) -> Round | None:
    return _round(await fetch_one("SELECT * FROM ledger.care WHERE id = $1", which))


async def last_ended(deep: bool) -> Round | None:
    return _round(await fetch_one(_LAST_ENDED, deep))


async def begin(which: int, slices: int) -> None:
    """It begins, or goes on; `slices` are all of it."""
    await fetch(_BEGIN, which, slices, await _rows("blobs") + await _rows("versions"))


async def _rows(table: str) -> int:
    """Of a large table Postgres' own estimate does: it only says how far a round has come."""
    for sql in (_ESTIMATE, _COUNT):
        row = await fetch_one(sql.format(table=table))
        if row and row["n"] > _LARGE:
            break
    return int(row["n"]) if row else 0


async def note(which: int, more: Tally) -> None:
    """Adds what the server has done."""
    await fetch(_NOTE, which, *more)


async def doing(which: int, bucket: str, prefix: str) -> None:
    """The server is about to heal this slice."""
    await fetch("UPDATE ledger.care SET doing = $2 WHERE id = $1", which, [bucket, prefix])


async def left_over() -> list[tuple[str, str]]:
    """Bucket and prefix of the slices that were under way when whoever did the rounds died."""
    return [(row["doing"][0], row["doing"][1]) for row in await fetch(_LEFT)]


async def slice_done(which: int, mark: str) -> None:
    await fetch(_DONE, which, mark)


async def end(which: int) -> None:
    await fetch("UPDATE ledger.care SET ended_at = now(), trouble = '' WHERE id = $1", which)


async def stuck(which: int, trouble: str) -> None:
    """Tells what keeps it from going on."""
    await fetch("UPDATE ledger.care SET trouble = $2 WHERE id = $1 AND trouble <> $2", which, trouble[:500])


def _round(row: Any) -> Round | None:
    return Round(**{name: row[name] for name in Round._fields}) if row else None
