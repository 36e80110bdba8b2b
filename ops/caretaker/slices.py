"""What a round through storage goes through: one owner's one day in one bucket at a time, the newest day first.

So what is in use is whole again first, and a round that was broken off goes on with the next slice. Buckets of others
are taken as a whole, after ours.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from storage import layout
from storage.inspection import Inspector

OURS = (layout.ORIGINALS, layout.VERSIONS)
_LAST = 99_999_999


class Slice(NamedTuple):
    """All of `bucket` below `prefix`. `mark` orders slices."""

    mark: str
    bucket: str
    prefix: str


def slices(
    objects: Inspector, buckets: list[str], known: list[str], since: datetime | None, after: str = ""
) -> list[Slice]:
    """Those still to be done, after the mark `after`, in order. `known`: the prefixes of days in the ledger; since:
    only days from then on (UTC), and all that has no day. Raises StorageError.
    """
    first = int(f"{since:%Y%m%d}") if since else 0
    found = {one for bucket in buckets for one in _of_bucket(objects, bucket, first)}
    found |= {_slice(bucket, prefix, _day(prefix)) for bucket in OURS if bucket in buckets for prefix in known}
    return sorted(one for one in found if one.mark > after)


def _of_bucket(objects: Inspector, bucket: str, first: int) -> Iterator[Slice]:
    if bucket not in OURS:
        yield _slice(bucket, "", 0)
        return
    for root in objects.folders(bucket, ""):
        if root.rstrip("/") not in layout.ROOTS:
            yield _slice(bucket, root, 0)
            continue
        for owner in objects.folders(bucket, root):
            for folder in objects.folders(bucket, owner):
                yield from _days(objects, bucket, folder, first)


def _days(objects: Inspector, bucket: str, folder: str, first: int) -> Iterator[Slice]:
    for prefix in objects.folders(bucket, folder):
        day = _day(prefix)
        if not day or day >= first:
            yield _slice(bucket, prefix, day)


def _day(prefix: str) -> int:
    """The day as a number, yyyymmdd; 0 for a folder that is none."""
    name = prefix.rstrip("/").rpartition("/")[2]
    return int(name) if name.isdecimal() and len(name) == 8 else 0


def _slice(bucket: str, prefix: str, day: int) -> Slice:
    return Slice(f"{_LAST - day:08d} {prefix} {bucket}", bucket, prefix)
