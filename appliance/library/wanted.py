"""Originals of which something is wanted, in the order in which it was asked for, each before any is tried again."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID

from appliance.ledger.database import fetch

PAGE = 50
_BEGINNING = (datetime.fromtimestamp(0, UTC), UUID(int=0))
_WANTED = """
SELECT asset, path, {asked_at} AS asked_at FROM ledger.library_results
WHERE library = $1 AND {asked_at} IS NOT NULL AND {problem} IS NULL AND undone_at IS NULL {only}
    AND ({asked_at}, asset) > ($2, $3)
ORDER BY {asked_at}, asset LIMIT $4
"""
UNDONE = _WANTED.format(asked_at="undo_asked_at", problem="undo_problem", only="")
RELEASED = _WANTED.format(asked_at="release_asked_at", problem="release_problem", only="AND freed_at IS NULL")


class Original(NamedTuple):
    """path: of its file, below the library's folder."""

    asset: UUID
    path: bytes


class Wanted:
    """sql: UNDONE or RELEASED. What can't be done now comes again only after all the others: whoever stops in the
    middle goes on there the next time. Every call raises Unavailable.
    """

    def __init__(self, sql: str) -> None:
        self._sql = sql
        self._after = dict[int, tuple[datetime, UUID]]()

    async def first(self, library: int) -> list[Original]:
        """Some of them."""
        return [_original(row) for row in await self._page(library, _BEGINNING)]

    async def of(self, library: int) -> AsyncIterator[Original]:
        """To the last one, from where the last who asked has stopped."""
        while rows := await self._page(library, self._after.get(library, _BEGINNING)):
            for row in rows:
                self._after[library] = (row["asked_at"], row["asset"])
                yield _original(row)
        self._after.pop(library, None)

    async def _page(self, library: int, after: tuple[datetime, UUID]) -> list[Any]:
        return await fetch(self._sql, library, *after, PAGE)


def _original(row: Any) -> Original:
    return Original(row["asset"], row["path"])
