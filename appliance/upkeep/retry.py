"""What failed, by its reason, and trying it again: after a fault of ours was mended, say, or storage was restored."""

from collections import Counter
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from appliance.accounts.whose import Whose
from appliance.ledger.database import fetch
from appliance.ledger.service import Ledger

BATCH = 200  # assets in one transaction
FIRST = UUID(int=0)
MOST_REASONS = 1000

_REASONS = """
SELECT a.root, a.owner, a.error_code AS code, count(*) AS failed, count(a.blob) AS with_file,
    min(a.changed_at) AS first_at
FROM ledger.assets a WHERE a.state = 'error'
    AND ($1::text IS NULL OR (a.root = $1 AND a.owner = $2)) AND ($3::text IS NULL OR a.error_code = $3)
GROUP BY a.root, a.owner, a.error_code ORDER BY count(*) DESC, a.root, a.owner, a.error_code LIMIT $4
"""
_PAGE = """
SELECT a.id, a.error_code AS code, a.blob IS NOT NULL AS with_file FROM ledger.assets a
WHERE a.state = 'error' AND a.id > $4
    AND ($1::text IS NULL OR (a.root = $1 AND a.owner = $2))
    -- What somebody cancelled has not failed: it is tried again where that is what is asked for.
    AND CASE WHEN $3::text IS NULL THEN a.error_code IS DISTINCT FROM 'cancelled' ELSE a.error_code = $3 END
    AND ($6::text IS NULL OR a.lane = $6) AND ($7::text IS NULL OR a.kind = $7)
ORDER BY a.id LIMIT $5
"""


class Reason(NamedTuple):
    """How many assets of an owner failed for one reason, how many of them have their file, and since when."""

    root: str
    owner: str
    code: str
    failed: int
    with_file: int
    first_at: object


@dataclass
class Retried:
    """How many were sent to be processed again, by reason; and how many could not be, since their file never came."""

    by_code: Counter[str] = field(default_factory=Counter)
    without_file: int = 0
    more: bool = False
    """There is more of it than was asked for at once."""

    def told(self) -> dict[str, object]:
        return {
            "retried": self.by_code.total(),
            "by_code": dict(sorted(self.by_code.items())),
            "without_file": self.without_file,
            "more": self.more,
        }


async def reasons(owner: Whose | None, code: str | None) -> list[Reason]:
    """Why assets failed, the commonest reason first; of one owner or all, for one reason or all."""
    return [Reason(*row) for row in await fetch(_REASONS, *(owner or (None, None)), code, MOST_REASONS)]


async def retry(
    ledger: Ledger,
    owner: Whose | None,
    code: str | None,
    most: int | None = None,
    lane: str | None = None,
    kind: str | None = None,
) -> Retried:
    """Sends what failed (of one owner or all, for one reason or all, of one lane or kind or any) to be processed again,
    at most `most` of it.

    Each asset once, in the order of ids: what fails again meanwhile is not looked at again. Raises Unavailable, and
    then a part was done; asking again goes on.
    """
    done, after, left = Retried(), FIRST, most
    while rows := await fetch(
        _PAGE, *(owner or (None, None)), code, after, BATCH if left is None else min(BATCH, max(left, 1)), lane, kind
    ):
        if left is not None:
            if left <= 0:
                done.more = True
                break
            left -= len(rows)
        moved = set(await ledger.retry([row["id"] for row in rows]))
        done.by_code.update(row["code"] for row in rows if row["id"] in moved)
        done.without_file += sum(not row["with_file"] for row in rows)
        after = rows[-1]["id"]
    return done
