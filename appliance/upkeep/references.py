"""What the ledger refers to, read in the order of the keys' bytes, a page a statement and no transaction in between."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

from appliance.ledger.database import fetch
from appliance.upkeep.differences import Reference
from storage import layout

PAGE = 1000  # rows of one statement
FIRST, LAST = UUID(int=0), UUID(int=(1 << 128) - 1)
NO_END = "\U0010ffff"  # after every key there can be


class Owner(NamedTuple):
    """One owner of assets; `stream` is None for one whom only storage knows."""

    prefix: str
    root: str
    owner: str
    stream: int | None


class Ids(NamedTuple):
    """Assets with ids between these two, which are none of them."""

    after: UUID
    until: UUID


ALL = Ids(FIRST, LAST)


def ids_of(first: date, last: date) -> Ids:
    """The assets made from the day `first` to the day `last` (UTC), both included."""
    begin = datetime(first.year, first.month, first.day, tzinfo=UTC)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(days=1)
    return Ids(UUID(int=(_milliseconds(begin) << 80) - 1), UUID(int=_milliseconds(end) << 80))


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1000


async def owners(after: str = "") -> AsyncIterator[Owner]:
    """All owners that the ledger knows, in the order of their prefixes, those after the prefix `after`."""
    while rows := await fetch("SELECT * FROM ledger.owners($1, $2)", after, PAGE):
        for row in rows:
            yield Owner(row["prefix"], row["root"], row["owner"], row["stream"])
        after = rows[-1]["prefix"]


async def originals(prefix: str = "") -> AsyncIterator[Reference]:
    """The pinned originals whose key begins with `prefix`, which is empty or ends in "/"."""
    after, version = prefix, ""
    until = prefix[:-1] + "0" if prefix else NO_END  # "0" is what follows "/"
    while rows := await fetch(
        "SELECT * FROM ledger.pinned($1, $2, $3, $4, $5)", layout.ORIGINALS, after, version, until, PAGE
    ):
        for row in rows:
            if row["id"] is not None:
                told = (row["key"], row["version_id"], row["size"], row["sha256"], row["required"], row["etag"])
                yield Reference(row["id"], layout.ORIGINALS, *told)
        after, version = rows[-1]["key"], rows[-1]["version_id"]


async def versions(owner: Owner, folder: str, ids: Ids = ALL) -> AsyncIterator[Reference]:
    """The versions of one owner's assets in one folder."""
    if owner.stream is None:
        return
    after = ids.after
    while rows := await fetch(
        "SELECT * FROM ledger.developed($1, $2, $3, $4, $5)", owner.stream, folder, after, ids.until, PAGE
    ):
        for _, of_asset in groupby(rows, key=lambda row: row["id"]):
            for reference in _of_asset(owner, folder, [row for row in of_asset if row["name"] is not None]):
                yield reference
        after = rows[-1]["id"]


def _of_asset(owner: Owner, folder: str, rows: list[Any]) -> list[Reference]:
    return sorted(
        Reference(
            row["id"],
            layout.VERSIONS,
            layout.version_key(
                owner.root, owner.owner, folder, row["id"], row["name"], row["sha256"], row["extension"]
            ),
            "",  # this bucket has no versions
            row["bytes"],
            row["sha256"],
            row["required"],
        )
        for row in rows
    )


async def all_versions() -> AsyncIterator[Reference]:
    """The versions of all assets."""
    async for owner in owners():
        for folder in sorted(layout.FOLDERS[owner.root]):
            async for reference in versions(owner, folder):
                yield reference
