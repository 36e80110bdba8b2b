"""What is verified: everything, or the folders of some days. Either way as stretches, each of which is one merge."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import NamedTuple, TypeVar

from appliance.upkeep import references
from appliance.upkeep.differences import Reference
from appliance.upkeep.references import Owner
from storage import layout
from storage.inspection import Inspector
from storage.objects import Stat

BUCKETS = (layout.ORIGINALS, layout.VERSIONS)
AT_ONCE = 1000  # entries of a listing fetched by one call into a thread: a page of the server's

Item = TypeVar("Item")


class Stretch(NamedTuple):
    """All of one bucket below one prefix, as storage lists it and as the ledger refers to it."""

    bucket: str
    prefix: str
    listed: AsyncIterator[Stat]
    referred: AsyncIterator[Reference]


async def threaded(items: Iterator[Item], most: int = AT_ONCE) -> AsyncIterator[Item]:
    """The items of an iterator that waits for storage, without holding up the loop."""
    while batch := await asyncio.to_thread(lambda: list(islice(items, most))):
        for item in batch:
            yield item


def everything(objects: Inspector) -> Iterable[Stretch]:
    """Both buckets as a whole, whatever they hold."""
    return (
        _stretch(objects, layout.ORIGINALS, "", references.originals()),
        _stretch(objects, layout.VERSIONS, "", references.all_versions()),
    )


async def of_days(objects: Inspector, owner: Owner, days: Sequence[date]) -> Sequence[Stretch]:
    """The folders of these days that one owner has; which there are is asked once, not day by day."""
    found: list[Stretch] = []
    for folder in sorted(layout.FOLDERS[owner.root]):
        prefix = f"{owner.prefix}{folder}/"
        stored = {bucket: await _listed(objects, bucket, prefix) for bucket in BUCKETS}
        for day in sorted(days):
            of_day = f"{prefix}{day:%Y%m%d}/"
            referred = (
                references.originals(of_day),
                references.versions(owner, folder, references.ids_of(day, day)),
            )
            for bucket, side in zip(BUCKETS, referred, strict=True):
                here = of_day in stored[bucket]
                found.append(
                    _stretch(objects, bucket, of_day, side)
                    if here
                    else Stretch(bucket, of_day, threaded(iter(())), side)
                )
    return found


async def _listed(objects: Inspector, bucket: str, prefix: str) -> set[str]:
    return {found async for found in threaded(objects.folders(bucket, prefix))}


def _stretch(objects: Inspector, bucket: str, prefix: str, referred: AsyncIterator[Reference]) -> Stretch:
    return Stretch(bucket, prefix, threaded(objects.list(bucket, prefix, versions=True)), referred)


async def owners(objects: Inspector, after: str = "") -> AsyncIterator[Owner]:
    """Every owner that the ledger knows or that has a folder in storage, in the order of prefixes, after `after`."""
    known = references.owners(after)
    stored = _stored(objects, after)
    left, right = await anext(known, None), await anext(stored, None)
    while left or right:
        if left and (right is None or left.prefix <= right.prefix):
            yield left
            right = await anext(stored, None) if right and right.prefix == left.prefix else right
            left = await anext(known, None)
        elif right:
            yield right
            right = await anext(stored, None)


async def _stored(objects: Inspector, after: str) -> AsyncIterator[Owner]:
    for root in sorted(layout.ROOTS):
        sides = [threaded(objects.folders(bucket, f"{root}/")) for bucket in BUCKETS]
        async for prefix in _either(*sides):
            if prefix > after:
                yield Owner(prefix, root, prefix.removeprefix(f"{root}/").rstrip("/"), None)


async def _either(left: AsyncIterator[str], right: AsyncIterator[str]) -> AsyncIterator[str]:
    """Two sorted streams as one, without doubles."""
    one, other = await anext(left, None), await anext(right, None)
    while one or other:
        least = min(name for name in (one, other) if name)
        yield least
        one = await anext(left, None) if one == least else one
        other = await anext(right, None) if other == least else other
