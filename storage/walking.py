"""Listings in the order of the keys' bytes, of an S3 that lists folder by folder and so has "a/…" before "a-b/…"."""

from collections.abc import Iterator

from storage.listing import Stat, answers, entries, folders, pages
from storage.transport import Transport

_UNIFORM = 3
"""Below {root}/{owner}/{folder}/ the names of one level are of one length: there both orders are the same."""


def walked(transport: Transport, bucket: str, prefix: str, versions: bool) -> Iterator[Stat]:
    """All entries below `prefix`; the names of one level above the days are held in memory, sorted."""
    if prefix.count("/") >= _UNIFORM:
        for page in pages(transport, bucket, prefix, versions):
            yield from page
        return
    below: dict[str, list[Stat]] = {}
    for answer in answers(transport, bucket, prefix, versions, "/"):
        for stat in entries(answer, transport.endpoint, bucket):
            below.setdefault(stat.key, []).append(stat)
        for folder in folders(answer, transport.endpoint, bucket):
            below[folder] = []
    for name in sorted(below):
        yield from below[name] or walked(transport, bucket, name, versions)
