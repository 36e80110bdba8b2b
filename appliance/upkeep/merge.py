"""Two sorted streams side by side: what storage lists and what the ledger refers to, key by key.

Both are read as they come, and no more than one key's entries are held: so it takes the same memory for any number.
"""

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

from appliance.upkeep.differences import Reference
from storage.objects import Stat


class OutOfOrder(Exception):
    """A stream was not in the order of its keys' bytes: then a merge would find differences where there are none."""


class Keyed(Protocol):
    @property
    def key(self) -> str: ...


Entry = TypeVar("Entry", bound=Keyed)


class Pair(NamedTuple):
    """Everything that both sides have under one key; one of the two may be empty."""

    key: str
    stats: Sequence[Stat]
    references: Sequence[Reference]


async def _by_key(entries: AsyncIterator[Entry]) -> AsyncIterator[list[Entry]]:
    """Neighbours with the same key together. Raises OutOfOrder."""
    group: list[Entry] = []
    async for entry in entries:
        # Python compares text by code points, which is the order of the bytes of UTF-8.
        if group and entry.key < group[0].key:
            raise OutOfOrder(f"{entry.key} came after {group[0].key}")
        if group and entry.key != group[0].key:
            yield group
            group = []
        group.append(entry)
    if group:
        yield group


async def merged(listed: AsyncIterator[Stat], referred: AsyncIterator[Reference]) -> AsyncIterator[Pair]:
    """Every key that one side or both have, in the order of bytes. Raises OutOfOrder."""
    left, right = _by_key(listed), _by_key(referred)
    stats, references = await anext(left, None), await anext(right, None)
    while stats or references:
        key = min(side[0].key for side in (stats, references) if side)
        here = stats if stats and stats[0].key == key else None
        there = references if references and references[0].key == key else None
        yield Pair(key, here or (), there or ())
        if here:
            stats = await anext(left, None)
        if there:
            references = await anext(right, None)
